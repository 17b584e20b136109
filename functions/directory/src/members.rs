//! `PUT` and `DELETE /directory/communities/{communityId}/members/{userId}`.

use domain::{
    id::{CommunityId, UserId},
    person::{Party, Role},
    refusal::Refusal,
};
use http_api::problem::Problem;
use serde::{Deserialize, Serialize};
use store::{
    Store,
    attributes::{KIND, PK},
    expression::{Expression, string},
    keys::{Key, Spread},
    record::{self, Kind},
    write::{Write, Written},
};

use crate::{
    Stored,
    fields::{self, Faults},
    users,
};

/// What the platform says of a membership.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MemberBody {
    role: Option<String>,
}

impl MemberBody {
    pub(crate) fn parse(self) -> Result<Role, Problem> {
        let mut faults = Faults::default();
        let role = faults.required("role", self.role, fields::choice);
        faults.finish(role)
    }
}

/// A membership.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Member {
    community_id: CommunityId,
    user_id: UserId,
    role: Role,
}

/// Makes the user a member with that role, whatever else is known of how they stand with the community.
///
/// Both must be in the directory: who was erased does not come back by a message that was late.
pub(crate) async fn put(
    store: &Store,
    community_id: CommunityId,
    user_id: UserId,
    body: MemberBody,
) -> Result<Stored<Member>, Problem> {
    let role = body.parse()?;
    let created = store.role(&user_id, &community_id).await?.is_none();
    // Members of one community check different copies of it.
    let spread = Spread::by_user(&user_id);
    let mut standing = Expression::default();
    standing.set(KIND, string(Kind::Standing.as_str()));
    standing.set("role", string(role.as_str()));
    let writes = vec![
        users::known(&user_id),
        Write::Check(Key::community(&community_id, spread), existing(PK)),
        Write::Update(Key::standing(&Party::User(user_id.clone()), &community_id), standing),
        moderator(&community_id, &user_id, role)?,
    ];
    match store.transact(writes).await? {
        Written::Done => Ok(Stored { record: Member { community_id, user_id, role }, created }),
        Written::Conflict(failed) if failed.iter().any(|(write, _)| *write == 0) => {
            Err(Refusal::NotInDirectory("user").into())
        }
        Written::Conflict(_) => Err(Refusal::NotInDirectory("community").into()),
    }
}

/// Ends the membership. Whether the user is willing to be invited stays known.
pub(crate) async fn delete(store: &Store, community: &CommunityId, user: UserId) -> Result<(), Problem> {
    let mut standing = existing("role");
    standing.remove("role");
    standing.remove("joinedBy");
    let moderator = Write::Delete(Key::moderator(community, &user), Expression::default());
    let writes = vec![Write::Update(Key::standing(&Party::User(user), community), standing), moderator];
    // Refused: there was no membership.
    store.transact(writes).await?;
    Ok(())
}

/// That someone moderates is all that a moderator's record says.
#[derive(Serialize)]
struct NoFields {}

/// The list of moderators says what the role says.
fn moderator(community: &CommunityId, user: &UserId, role: Role) -> Result<Write, Problem> {
    let key = Key::moderator(community, user);
    if !role.moderates() {
        return Ok(Write::Delete(key, Expression::default()));
    }
    Ok(Write::Put(record::record(Kind::Moderator, key, &NoFields {})?, Expression::default()))
}

fn existing(attribute: &str) -> Expression {
    let mut expression = Expression::default();
    expression.require_existing(attribute);
    expression
}
