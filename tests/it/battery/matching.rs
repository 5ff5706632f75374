//! Matching rules and string preparation (RFC 4517, RFC 4518): what collations do otherwise.

use super::Battery;

pub fn insignificant_spaces(ctx: &Battery) {
    // RFC 4518 2.6.1: leading and trailing spaces do not count, several count as one.
    ctx.finds("(uid=alice\\20)", ["alice"]);
    ctx.finds("(uid=\\20\\20alice)", ["alice"]);
    ctx.finds("(cn=alice  \\20smith)", ["alice"]);
    ctx.finds("(cn=alicesmith)", []);
    ctx.finds("(uid=lead)", [" lead"]);
    ctx.finds("(uid=two spaces)", ["two  spaces"]);
    ctx.finds("(uid=two  spaces)", ["two  spaces"]);
}

pub fn accents_count(ctx: &Battery) {
    ctx.finds("(uid=jörg)", ["jörg"]);
    ctx.finds("(uid=JÖRG)", ["jörg"]);
    ctx.finds("(uid=jorg)", []);
    ctx.finds("(uid=joerg)", []);
    ctx.finds("(sn=muller)", []);
    ctx.finds("(sn=MÜLLER)", ["carol"]);
    ctx.finds("(cn=GRÖSSE)", ["größe"]);
}

pub fn accents_by_the_byte(ctx: &Battery) {
    ctx.finds("(uid=j\\c3\\b6rg)", ["jörg"]);
    ctx.finds("(uid=J\\C3\\96RG)", ["jörg"]);
    // Decomposed: o and a combining diaeresis; NFKC makes them one.
    ctx.finds("(uid=jo\\cc\\88rg)", ["jörg"]);
}

pub fn case_folding_beyond_ascii(ctx: &Battery) {
    // RFC 3454 B.2 folds ß to ss.
    ctx.finds("(cn=jörg strasse)", ["jörg"]);
    ctx.finds("(cn=JÖRG STRASSE)", ["jörg"]);
    // Kelvin sign and long s fold into ASCII letters.
    ctx.finds("(sn=\\e2\\84\\aalein)", ["heidi"]);
    ctx.finds("(sn=\\c5\\bfmith)", ["alice"]);
    // NFKC: a fullwidth letter is its ordinary one.
    ctx.finds("(uid=\\ef\\bd\\81lice)", ["alice"]);
}

pub fn characters_a_collation_takes_for_one(ctx: &Battery) {
    ctx.finds("(uid=smile😀)", ["smile😀"]);
    ctx.finds("(uid=smile😁)", []);
    ctx.finds("(uid=smile)", []);
}

pub fn mail_ignores_case(ctx: &Battery) {
    ctx.finds("(mail=ALICE@EXAMPLE.COM)", ["alice"]);
    ctx.finds("(mail=mixed.case@example.com)", ["MixedCase"]);
}

pub fn paths_do_not(ctx: &Battery) {
    ctx.finds("(homeDirectory=/home/alice)", ["alice"]);
    ctx.finds("(homeDirectory=/HOME/ALICE)", []);
    ctx.finds("(loginShell=/BIN/BASH)", []);
    ctx.finds("(homeDirectory=/home/MixedCase)", ["MixedCase"]);
    ctx.finds("(homeDirectory=/home/mixedcase)", []);
}

pub fn member_uid_does_not(ctx: &Battery) {
    ctx.finds("(memberUid=DAVE)", []);
    ctx.finds("(memberUid=dave)", ["staff"]);
    ctx.finds("(memberUid=MixedCase)", ["Ops Team"]);
    ctx.finds("(memberUid=mixedcase)", []);
}

pub fn substrings_ignore_case_and_spaces(ctx: &Battery) {
    ctx.finds("(cn=ALICE*SMITH)", ["alice"]);
    ctx.finds("(cn=alice \\20*)", ["alice"]);
    ctx.finds("(cn=*STRASSE)", ["jörg"]);
    // RFC 2307 gives homeDirectory no substrings rule: Undefined.
    ctx.finds("(homeDirectory=/home/ali*)", []);
    ctx.finds("(!(homeDirectory=/home/ali*))", []);
}

pub fn quotes_and_backslashes(ctx: &Battery) {
    ctx.finds("(uid=o'brien)", ["o'brien"]);
    ctx.finds("(uid=O'BRIEN)", ["o'brien"]);
    ctx.finds("(sn=o'brien)", ["grace", "o'brien"]);
    ctx.finds("(uid=back\\5cslash)", ["back\\slash"]);
    ctx.finds("(uid=quo\"te)", ["quo\"te"]);
    ctx.finds("(uid=per%cent)", ["per%cent"]);
    ctx.finds("(uid=under_score)", ["under_score"]);
}
