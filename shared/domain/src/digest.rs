//! The digest of what became of a sender's invitations: the first answer is told at once, then at most one mail an hour
//! lists what came.
//!
//! No mail is made for a digest. The notice that has to wait carries those that come until it is sent, so that a digest
//! has the record, the lease and the retries of any mail.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::time::{Timestamp, later, millis};

/// The least time between two mails that tell the same sender of answers.
pub const INTERVAL: SignedDuration = SignedDuration::from_hours(1);

/// How far a sender has been told of answers. Notices are named as the table names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Digest {
    /// The notice that waits and carries those that come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// The notice that was leased last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_by: Option<String>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none", with = "millis")]
    pub told_at: Option<Timestamp>,
}

/// What comes next for a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestStep {
    /// It is sent, with all that it carries.
    Send,
    /// The one that waits carries it.
    Join,
    /// It waits until then, and carries those that come.
    Carry(Timestamp),
    /// Its time has come: it carries no more than it does.
    Close,
    /// Another one was told meanwhile. It waits until then.
    Wait(Timestamp),
    /// It has begun to wait since it was read: to be decided again.
    Again,
}

impl Digest {
    /// Decides what comes next for `notice`, which is due; `waited` is whether it has waited for its time.
    pub fn next(&self, notice: &str, waited: bool, now: Timestamp) -> DigestStep {
        // A repetition of what was told last tells nothing new.
        let is_last = self.told_by.as_deref() == Some(notice);
        let free_at = self.told_at.map(|at| later(at, INTERVAL)).filter(|at| *at > now && !is_last);
        match (self.carrier.as_deref(), free_at) {
            (Some(carrier), _) if carrier == notice && waited => DigestStep::Close,
            (Some(carrier), _) if carrier == notice => DigestStep::Again,
            _ if is_last => DigestStep::Send,
            (_, Some(at)) if waited => DigestStep::Wait(at),
            (_, None) if waited => DigestStep::Send,
            (Some(_), _) => DigestStep::Join,
            (None, Some(at)) => DigestStep::Carry(at),
            (None, None) => DigestStep::Send,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        later(Timestamp::UNIX_EPOCH, SignedDuration::from_mins(minutes))
    }

    fn told(by: &str, minutes: i64) -> Digest {
        Digest { told_by: Some(by.to_owned()), told_at: Some(at(minutes)), ..Digest::default() }
    }

    fn carried(by: &str, digest: Digest) -> Digest {
        Digest { carrier: Some(by.to_owned()), ..digest }
    }

    #[test]
    fn the_first_notice_goes_at_once_and_so_does_one_after_a_quiet_hour() {
        assert_eq!(Digest::default().next("a", false, at(0)), DigestStep::Send);
        assert_eq!(told("a", 0).next("b", false, at(60)), DigestStep::Send);
    }

    #[test]
    fn within_the_hour_the_next_one_waits_and_carries_those_that_come() {
        assert_eq!(told("a", 0).next("b", false, at(59)), DigestStep::Carry(at(60)));
        assert_eq!(carried("b", told("a", 0)).next("c", false, at(59)), DigestStep::Join);
        assert_eq!(
            carried("b", told("a", 0)).next("c", false, at(90)),
            DigestStep::Join,
            "also when the carrier is late"
        );
    }

    #[test]
    fn a_carrier_is_closed_before_it_is_sent() {
        assert_eq!(carried("b", told("a", 0)).next("b", true, at(60)), DigestStep::Close);
        assert_eq!(told("a", 0).next("b", true, at(60)), DigestStep::Send);
    }

    #[test]
    fn a_notice_that_began_to_wait_since_it_was_read_is_not_closed_before_its_time() {
        assert_eq!(carried("b", told("a", 0)).next("b", false, at(1)), DigestStep::Again);
    }

    #[test]
    fn what_was_leased_last_may_be_repeated_at_any_time() {
        assert_eq!(told("a", 0).next("a", false, at(2)), DigestStep::Send);
        assert_eq!(told("b", 60).next("b", true, at(62)), DigestStep::Send);
        assert_eq!(carried("b", told("a", 0)).next("a", false, at(2)), DigestStep::Send);
    }

    #[test]
    fn no_two_mails_are_less_than_an_hour_apart_however_late_one_of_them_is() {
        // `b` met a busy mail service at its time, and `c` was sent since.
        assert_eq!(told("c", 120).next("b", true, at(121)), DigestStep::Wait(at(180)));
        assert_eq!(carried("d", told("c", 120)).next("b", true, at(121)), DigestStep::Wait(at(180)));
        assert_eq!(carried("d", told("c", 120)).next("b", true, at(180)), DigestStep::Send);
    }
}
