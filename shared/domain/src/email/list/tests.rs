//! What people paste, and what is read from it.

use std::cell::Cell;

use proptest::{collection::vec, prelude::*, sample::select};

use super::{entries, only};

/// The entries of a text: addresses as they are shown, and text that is none in front of an exclamation mark.
fn read(text: &str) -> Vec<String> {
    entries(text).map(|entry| entry.map_or_else(|text| format!("! {text}"), String::from)).collect()
}

#[test]
fn what_mail_programs_copy_is_understood() {
    for (pasted, expected) in [
        // RFC 5322.
        ("e@x.test", &["e@x.test"][..]),
        ("Erin Bar <e@x.test>", &["e@x.test"]),
        ("<e@x.test>", &["e@x.test"]),
        ("Erin<e@x.test>", &["e@x.test"]),
        ("\"Smith, Alice\" <a@x.test>; \"Jones, Bob\" <b@x.test>", &["a@x.test", "b@x.test"]),
        ("\"Alice \\\"Al\\\" Smith; A@B\" <a@x.test>", &["a@x.test"]),
        ("\"b@x.test\" <a@x.test>", &["a@x.test"]),
        ("e@x.test (Erin, or Bar)", &["e@x.test"]),
        ("(Erin) e@x.test, (Bar) <b@x.test>", &["e@x.test", "b@x.test"]),
        ("Erin (old@y.test) <e@x.test>, b@x.test", &["e@x.test", "b@x.test"]),
        ("Friends: a@x.test, Bob <b@x.test>;, c@x.test", &["a@x.test", "b@x.test", "c@x.test"]),
        ("To: a@x.test,\r\n\tErin Bar\r\n <b@x.test>,\r\n c@x.test", &["a@x.test", "b@x.test", "c@x.test"]),
        ("< e@x.test >", &["e@x.test"]),
        // Mail programs.
        ("Smith, Alice <a@x.test>; Jones, Bob <b@x.test>", &["a@x.test", "b@x.test"]),
        ("'Smith, Alice' <a@x.test>; 'b@x.test' <b@x.test>", &["a@x.test", "b@x.test"]),
        ("a@x.test <mailto:a@x.test>; b@x.test<b@x.test>", &["a@x.test", "b@x.test"]),
        ("Erin Bar [mailto:e@x.test]; [Bo](mailto:b@x.test)", &["e@x.test", "b@x.test"]),
        ("Erin Bar (e@x.test)", &["e@x.test"]),
        ("Erin (e@x.test) <e@x.test>; 'Bo (b@x.test)' <b@x.test>", &["e@x.test", "b@x.test"]),
        ("Erin [E@x.test] <e@x.test>; [b@x.test](mailto:b@x.test)", &["e@x.test", "b@x.test"]),
        ("[info@bücher.test] <info@xn--bcher-kva.test>", &["info@xn--bcher-kva.test"]),
        ("[a@x.test](b@x.test) (c@x.test)\n\n <d@x.test>", &["a@x.test", "b@x.test", "c@x.test", "d@x.test"]),
        (
            "Erin (e@x.test) <@erin>, [a@x.test](https://x.test/@a)",
            &["e@x.test", "! <@erin>", "a@x.test", "! (https://x.test/@a)"],
        ),
        (
            "(a@x.test) (b@x.test) [c@x.test] (d@x.test) <nobody>",
            &["a@x.test", "b@x.test", "c@x.test", "d@x.test", "! <nobody>"],
        ),
        ("mailto:e@x.test", &["e@x.test"]),
        ("MAILTO:e%2Bf@x.test?subject=Hi%20you", &["e+f@x.test"]),
        ("<mailto:e@x.test>", &["e@x.test"]),
        // Links that name several people.
        ("mailto:a@x.test?cc=b@y.test&to=c@z.test", &["a@x.test", "b@y.test", "c@z.test"]),
        ("<mailto:a@x.test?BCC=b@y.test>, c@x.test", &["a@x.test", "b@y.test", "c@x.test"]),
        (
            "Mailto:a@x.test,b@y.test;c@x.test?subject=d@x.test&cc=e%40x.test%2Cf@x.test, g@x.test",
            &["a@x.test", "b@y.test", "c@x.test", "e@x.test", "f@x.test", "g@x.test"],
        ),
        ("mailto:?to=a@x.test,b@y.test&cc=c@z.test.", &["a@x.test", "b@y.test", "c@z.test"]),
        ("<mailto:?to=a%40x.test>", &["a@x.test"]),
        ("mailto:a@x.test，mailto:b@x.test,c@x.test", &["a@x.test", "b@x.test", "c@x.test"]),
        ("mailto:a@x.test,[mailto:b@x.test]", &["a@x.test", "b@x.test"]),
        ("mailto:r&d@x.test?cc=b@y.test", &["r&d@x.test", "b@y.test"]),
        ("mailto:a@x.test?cc=A@x.test&bcc=b@y.test,b@Y.test", &["a@x.test", "b@y.test"]),
        ("Team a@x.test <mailto:a@x.test?cc=b@y.test> c@z.test", &["a@x.test", "b@y.test", "c@z.test"]),
        ("[All](mailto:a@x.test?cc=b@y.test)", &["a@x.test", "b@y.test"]),
        ("mailto:a@x.test,Bob <b@y.test>", &["a@x.test", "b@y.test"]),
        ("mailto:a@x.test?subject=Hi,you; b@y.test", &["a@x.test", "! you", "b@y.test"]),
        ("mailto:a@x.test?cc=bob,c@z.test", &["a@x.test", "! bob", "c@z.test"]),
        ("mailto:a@x.test?subject=Coming?&cc=b@y.test", &["a@x.test", "b@y.test"]),
        ("Cc:e@x.test", &["e@x.test"]),
    ] {
        assert_eq!(read(pasted), expected, "{pasted:?}");
    }
}

#[test]
fn what_spreadsheets_and_documents_copy_is_understood() {
    for (pasted, expected) in [
        ("\"a@x.test\",\"b@x.test\",\"\"", &["a@x.test", "b@x.test"][..]),
        ("\"a@x.test, b@x.test\"\n\"Erin Bar <e@x.test>\"", &["a@x.test", "b@x.test", "e@x.test"]),
        ("[\"a@x.test\", \"b@x.test\"]", &["a@x.test", "b@x.test"]),
        ("Erin Bar\te@x.test\nBo Foo\tb@x.test\n", &["e@x.test", "b@x.test"]),
        ("e@x.test\tErin Bar\nb@x.test\tBo\tFoo\r\nnobody\n", &["e@x.test", "b@x.test", "! nobody"]),
        ("e@x.test\te@@\nb@x.test Bo", &["e@x.test", "! e@@", "b@x.test", "! Bo"]),
        ("'a@x.test\n‘b@x.test", &["a@x.test", "b@x.test"]),
        ("a@x.test\tb@x.test c@x.test\u{A0}d@x.test", &["a@x.test", "b@x.test", "c@x.test", "d@x.test"]),
        ("- a@x.test\n• b@x.test\n3. c@x.test\n", &["a@x.test", "b@x.test", "c@x.test"]),
        ("| a@x.test | b@x.test |", &["a@x.test", "b@x.test"]),
        (
            "“a@x.test”, ‘b@x.test’, „c@x.test“, «d@x.test», 'e@x.test'",
            &["a@x.test", "b@x.test", "c@x.test", "d@x.test", "e@x.test"],
        ),
        ("“Smith, Alice” <a@x.test>, „Jones; Bob“ ‹b@x.test›", &["a@x.test", "b@x.test"]),
        ("o’brien@x.test", &["o'brien@x.test"]),
        ("Write to a@x.test.", &["a@x.test"]),
        ("a@x.test. b@x.test。 <c@x.test>.", &["a@x.test", "b@x.test", "c@x.test"]),
        // Other scripts.
        (
            "a@x.test，b@x.test、c@x.test；d@x.test،e@x.test",
            &["a@x.test", "b@x.test", "c@x.test", "d@x.test", "e@x.test"],
        ),
        ("ａ＠ｘ．ｔｅｓｔ；＜ｂ@x.test＞", &["a@x.test", "b@x.test"]),
        (
            "a@x.test\u{2028}b@x.test\u{2029}c@x.test\u{85}d@x.test\u{B}e@x.test",
            &["a@x.test", "b@x.test", "c@x.test", "d@x.test", "e@x.test"],
        ),
        ("例え <info@例え。テスト>", &["info@例え。テスト"]),
        // What nobody sees.
        ("\u{FEFF}a@x.test\r\n", &["a@x.test"]),
        (
            "\u{202A}a@x.test\u{202C}, <\u{200B}b@x.test\u{200E}>, \u{2068}c@x.test\u{2069}",
            &["a@x.test", "b@x.test", "c@x.test"],
        ),
        ("a\u{200C}@\u{200C}x\u{AD}.\u{2060}test", &["a@x.test"]),
        ("a@x.test\u{FFFC}, \u{FFF9}b@x.test\u{FFFA}, c\u{FFFB}@x.test", &["a@x.test", "b@x.test", "c@x.test"]),
        ("info@نامه\u{200C}ای.test\u{200C}", &["info@نامه\u{200C}ای.test"]),
        (" ,;\n\t\u{200B}\"\" ,， \u{2028}", &[]),
        ("", &[]),
    ] {
        assert_eq!(read(pasted), expected, "{pasted:?}");
    }
}

#[test]
fn what_is_no_address_is_told_as_it_was_pasted() {
    for (pasted, expected) in [
        ("not an address", &["! not an address"][..]),
        ("\u{200B} carl@ ", &["! carl@"]),
        ("a@x.test, bob, b@x.test", &["a@x.test", "! bob", "b@x.test"]),
        ("a@x.test bob", &["a@x.test", "! bob"]),
        ("a@x.test\nbob\n<b@x.test>", &["a@x.test", "! bob", "b@x.test"]),
        ("Erin Bar <e@x>; “Bo” <>", &["! Erin Bar <e@x>", "! “Bo” <>"]),
        ("Erin <nobody>", &["! Erin <nobody>"]),
        ("undisclosed-recipients:;", &["! undisclosed-recipients:"]),
        ("a@@x.test a@1.2.3.4 a@[1.2.3.4]", &["! a@@x.test", "! a@1.2.3.4", "! a@[1.2.3.4]"]),
        ("jörg@x.test", &["! jörg@x.test"]),
        ("https://x.test/?to=a@x.test", &["! https://x.test/?to=a@x.test"]),
        ("mailto:", &["! mailto:"]),
        ("href=mailto:ann@x.test", &["! href=mailto:ann@x.test"]),
        ("mailto:?subject=Hi", &["! mailto:?subject=Hi"]),
        ("Erin mailto:e@@x", &["! Erin mailto:e@@x"]),
        ("\"Erin\", a@x.test", &["! \"Erin\"", "a@x.test"]),
        // A local part in quotes is not what it holds.
        ("\"<a@x.test>\"@y.test", &["! \"<a@x.test>\"@y.test"]),
        ("“a@x.test, ”@y.test", &["! “a@x.test, ”@y.test"]),
        ("\"unclosed <a@x.test>\nb@x.test\"", &["a@x.test", "b@x.test"]),
    ] {
        assert_eq!(read(pasted), expected, "{pasted:?}");
    }
}

#[test]
fn a_field_for_one_address_takes_one_in_any_form() {
    for one in ["a@x.test", " Ann Berg <a@x.test> ", "mailto:a@x.test", "a@x.test <mailto:a@x.test>", "“a@x.test”"]
    {
        assert_eq!(only(one).map(String::from).as_deref(), Ok("a@x.test"), "{one}");
    }
    for other in [
        "",
        " ",
        "ann",
        "a@x.test, b@x.test",
        "a@x.test ann",
        "a@x.test <b@x.test>",
        "mailto:a@x.test?cc=b@x.test",
        "\"<a@x.test>\"@y.test",
    ] {
        assert!(only(other).is_err(), "{other}");
    }
}

/// Some addresses, none twice.
fn addresses() -> impl Strategy<Value = Vec<String>> {
    let user = "[a-zA-Z0-9][a-z0-9+_'=/-]{0,8}(\\.[a-z0-9]{1,5})?[a-z0-9]";
    let domain = select(vec![
        "x.test",
        "Mail.Example.org",
        "bücher.test",
        "例え.テスト",
        "xn--bcher-kva.example",
        "نامه\u{200C}ای.test",
    ]);
    vec((user, domain), 0..20).prop_map(|pairs| {
        let mut all: Vec<_> =
            pairs.into_iter().enumerate().map(|(index, (user, domain))| format!("{index}{user}@{domain}")).collect();
        all.dedup();
        all
    })
}

/// How one address may be written, around the address itself; what it begins and ends with, where others need to know.
fn forms() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![
        ("", ""),
        ("<", ">"),
        ("Erin Bar <", ">"),
        ("Erin Bar<", ">"),
        ("\"Bar, Erin; or \\\"E@B\\\"\" <", ">"),
        ("“Bar, Erin” <", ">"),
        ("'Bar Erin' <", ">"),
        ("Bar, Erin <", ">"),
        ("\u{5d3}\u{5e0}\u{5d4} <", ">"),
        ("(Erin) <", ">"),
        ("Erin\r\n <", ">"),
        ("mailto:", ""),
        ("<mailto:", ">"),
        ("[mailto:", "]"),
        ("\"", "\""),
        ("“", "”"),
        ("„", "“"),
        ("‘", "’"),
        ("'", "'"),
        ("", "."),
        ("", " (Erin Bar)"),
        ("＜", "＞"),
        ("\u{FEFF}", ""),
        ("\u{200B}", "\u{200B}"),
        ("\u{2068}", "\u{2069}"),
        ("<\u{202A}", "\u{202C}>"),
        (" \u{A0}", "\u{3000} "),
    ])
}

/// What may stand between two addresses, and whether it is only white space: a line that goes on indented is folded.
fn separators() -> impl Strategy<Value = (&'static str, bool)> {
    let apart = [
        ",",
        ";",
        "\n",
        "\r\n",
        "\r",
        "\u{85}",
        "\u{B}",
        "\u{2028}",
        "，",
        "、",
        "；",
        "،",
        ", ",
        ";\n",
        ",,",
        " ; , \n\n",
        ",\u{200B} ",
    ];
    let white = [" ", "\t", "\u{A0}", "\u{3000}", "  \t ", "\n\t"];
    select(apart.map(|one| (one, false)).into_iter().chain(white.map(|one| (one, true))).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn an_address_that_stands_by_itself_is_what_the_reader_reads(
        text in "(mailto:)?['\"<!]?[ab1._+-]{1,3}['!:]?(@[ab1.-]{0,3})?(@x[.]test)?['>.]?",
    ) {
        let mut read = entries(&text);
        let sole = read.next().filter(|_| read.next().is_none()).and_then(Result::ok);
        prop_assert_eq!(only(&text).ok(), sole);
    }

    #[test]
    fn any_list_in_any_forms_between_any_separators_reads_as_exactly_its_addresses(
        addresses in addresses(), forms in vec(forms(), 20), separators in vec(separators(), 20),
    ) {
        let mut pasted = String::new();
        let pieces = addresses.iter().zip(&forms).zip(separators);
        for (index, ((address, (before, after)), (separator, white))) in pieces.enumerate() {
            pasted += before;
            pasted += address;
            pasted += after;
            // RFC 5322 has what is in quotes before an angle bracket for a name, even if it looks like an address.
            let quoted = ["\"", "”", "“"].contains(after);
            let next = forms[(index + 1) % forms.len()].0.trim_start();
            let names = quoted && white && next.starts_with(['<', '＜']);
            pasted += if names { "," } else { separator };
        }
        prop_assert_eq!(read(&pasted), addresses, "{:?}", pasted);
    }

    #[test]
    fn whatever_is_pasted_nothing_of_an_address_is_lost_and_what_is_read_reads_as_itself(
        pieces in vec(prop_oneof![
            select(vec!["a@x.test", "b@x.test", "\"", "“", "'", "<", ">", "(", ")", "[", "]", "\\", ",", ";", ":", " ", "\n", "\t", "Erin",
                "mailto:", "?to=", "&cc=", "%40", "%2C", "@", ".", "%", "?", "\u{200B}", "\u{FEFF}", "，", "＜", "＠", "é", "\r\n "]).prop_map(str::to_owned),
            any::<String>(),
        ], 0..30),
    ) {
        let pasted = pieces.concat();
        let found: Vec<_> = entries(&pasted).collect();
        for entry in &found {
            match entry {
                Ok(address) => {
                    prop_assert_eq!(only(address.as_str()), Ok(address.clone()));
                    prop_assert_eq!(address.as_str().parse(), Ok(address.clone()));
                    prop_assert!(!address.as_mailed().contains([' ', ',', ';', '<', '>', '"', '\r', '\n']));
                }
                Err(text) => prop_assert!(pasted.contains(*text) && !text.trim().is_empty()),
            }
        }
        let signs = pasted.chars().filter(|c| matches!(c, '@' | '＠')).count() + pasted.matches("%40").count();
        let read = found.iter().filter(|entry| entry.is_ok()).count();
        prop_assert!(read <= signs);
    }
}

thread_local! {
    /// How many characters have been looked at.
    pub(super) static LOOKS: Cell<u64> = const { Cell::new(0) };
}

/// Returns how many characters are looked at while the text is read. Time would tell the same, and whatever else the
/// machine does.
fn looks(text: &str) -> u64 {
    LOOKS.set(0);
    entries(text).for_each(drop);
    LOOKS.get()
}

#[test]
fn ten_times_as_much_of_anything_takes_ten_times_as_many_looks() {
    for piece in [
        "a@b.test,",
        "\"",
        "\"@",
        "\\\"",
        "\" \\\"",
        "“”",
        "<",
        "<(",
        "[<@",
        "<a",
        "\"a\" ",
        "a\n ",
        "a\n",
        "a \n \n",
        ", ",
        "a,",
        "Erin ",
        "@",
        "@.",
        "é",
        "ü.",
        "\u{200B}",
        "a@x.test ",
        "a@x.test <",
        "(a@b) ",
        "'",
        "%",
        ":",
        "a:@",
        "mailto:a@x.test,",
        "mailto:@@,",
        "mailto:,a@",
        "&cc=a@x.test",
        "a@x.test <mailto:",
    ] {
        let alone = |bytes: usize| piece.repeat(bytes / piece.len());
        let in_quotes = |bytes| format!("\"a@x.test {}\" <@", alone(bytes));
        for (short, long) in [(alone(4_000), alone(40_000)), (in_quotes(4_000), in_quotes(40_000))] {
            // A hundred times as many in quadratic time.
            let (short, long) = (looks(&short), looks(&long));
            assert!(long < short * 12, "{piece:?}: {short}, {long}");
        }
    }
}
