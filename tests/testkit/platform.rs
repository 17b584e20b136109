//! What the platform's own description of its GraphQL front has.

/// Its example, as it stands there.
pub const EXAMPLE: &str = "mutation createCommunityInvitation {
createCommunityInvitation(communityId: 2, inviteeUserContextId: 345) {
errors
response {
id,
community {
id
},
created,
cta {
actionId
arguments {
key
value
}
}
}
}
}";
