#!/usr/bin/env bash
# Prints password-vectors.tsv: hashes of test passwords, each made by a tool that is not ours.
#   tests/data/make-password-vectors.sh > tests/data/password-vectors.tsv
# Needs (Debian) openssl whois slapd slapd-contrib argon2 apache2-utils perl npm dovecot-core. Salts are random: every run differs.
# Columns, separated by tabs: scheme, tool, password, stored value.
set -euo pipefail

plain=secret
unicode='pässwörd €uro'
# Beyond bcrypt's 72 bytes and the block sizes of the digests.
long='a long one: 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 !"#$%&/()=? 0123456789 more'
passwords=("$plain" "$unicode" "$long")

row() {
    case ${4-} in '' | '*'*) echo "no hash: $1 by $2" >&2; exit 1 ;; esac
    printf '%s\t%s\t%s\t%s\n' "$@"
}
umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for password in "${passwords[@]}"; do
    for id in 1 5 6; do
        row "\$$id\$" openssl "$password" "$(printf %s "$password" | openssl passwd "-$id" -stdin)"
    done
    for method in md5crypt:1 sha256crypt:5 sha512crypt:6 yescrypt:y scrypt:7 bcrypt:2b bcrypt-a:2a; do
        row "\$${method#*:}\$" mkpasswd "$password" "$(printf %s "$password" | mkpasswd -s -m "${method%:*}")"
    done
    for count in 1000 12345; do
        row '$5$' mkpasswd "$password" "$(printf %s "$password" | mkpasswd -s -m sha256crypt -R $count)"
        row '$6$' mkpasswd "$password" "$(printf %s "$password" | mkpasswd -s -m sha512crypt -R $count)"
    done
    for count in 1 2 3 4 6 7; do
        row '$y$' mkpasswd "$password" "$(printf %s "$password" | mkpasswd -s -m yescrypt -R $count)"
    done
    row '$7$' mkpasswd "$password" "$(printf %s "$password" | mkpasswd -s -m scrypt -R 6)"
    # crypt(3) itself: bcrypt's buggy variant, salts of other lengths, yescrypt and scrypt with r, p, t and other modes.
    while read -r scheme setting; do
        row "$scheme" crypt "$password" "$(PASSWORD=$password SETTING=$setting perl -e 'print crypt($ENV{PASSWORD}, $ENV{SETTING})')"
    done <<'SETTINGS'
$2x$ $2x$05$abcdefghijklmnopqrstuu
$2y$ $2y$04$ABCDEFGHIJKLMNOPQRSTUu
$1$ $1$ab$
$5$ $5$rounds=1001$ab$
$6$ $6$0123456789abcdef$
$y$ $y$j75$abcdefgh$
$y$ $y$j95.0$LdJMENpBABJJ3hIHjB1B$
$y$ $y$j75/.$LdJMENpBABJJ3hIHjB1B$
$y$ $y$j85/0$LdJMENpBABJJ3hIHjB1B$
$y$ $y$j850./$LdJMENpBABJJ3hIHjB1B$
$y$ $y$j5kD$LdJMENpBABJJ3hIHjB1B$
$y$ $y$j4mL$LdJMENpBABJJ3hIHjB1B$
$y$ $y$./5$LdJMENpBABJJ3hIHjB1B$
$y$ $y$/85$LdJMENpBABJJ3hIHjB1B$
$7$ $7$86....1....SodiumChloride$
$7$ $7$A6..../....SodiumChloride$
SETTINGS
    # Spring's name for it; the prefix is all that its encoders add.
    row '{bcrypt}' crypt "$password" "{bcrypt}$(PASSWORD=$password perl -e 'print crypt($ENV{PASSWORD}, q($2a$05$abcdefghijklmnopqrstuu))')"
    row '$2y$' htpasswd "$password" "$(printf %s "$password" | htpasswd -niBC 6 x | sed -n 's/^x://p')"

    printf %s "$password" > "$work/password"
    slap() { slappasswd -o module-path=/usr/lib/ldap "${@:2}" -h "$1" -T "$work/password"; }
    for scheme in SHA SSHA MD5 SMD5; do
        row "{$scheme}" slappasswd "$password" "$(slap "{$scheme}")"
    done
    for scheme in SHA256 SSHA256 SHA384 SSHA384 SHA512 SSHA512; do
        row "{$scheme}" slappasswd "$password" "$(slap "{$scheme}" -o module-load=pw-sha2)"
    done
    for scheme in PBKDF2 PBKDF2-SHA1 PBKDF2-SHA256 PBKDF2-SHA512; do
        row "{$scheme}" slappasswd "$password" "$(slap "{$scheme}" -o module-load=pw-pbkdf2)"
    done
    row '{ARGON2}' slappasswd "$password" "$(slap '{ARGON2}' -o module-load=argon2)"
    row '{CRYPT}' slappasswd "$password" "$(slappasswd -c '$6$%.16s' -T "$work/password")"
    row '{CRYPT}' slappasswd "$password" "$(slappasswd -c '$1$%.8s' -T "$work/password")"

    # Dovecot's names, with and without the encoding.
    dove() { doveadm -O pw -p "$password" "$@"; }
    for scheme in MD5-CRYPT SHA256-CRYPT SHA512-CRYPT LDAP-MD5 PLAIN-MD5 SHA1; do
        row "{$scheme}" doveadm "$password" "$(dove -s "$scheme")"
    done
    row '{BLF-CRYPT}' doveadm "$password" "$(dove -s BLF-CRYPT -r 5)"
    row '{CRYPT}' doveadm "$password" "$(dove -s CRYPT -r 5)"
    for scheme in ARGON2I ARGON2ID; do
        row "{$scheme}" doveadm "$password" "$(dove -s $scheme -r 3)"
    done
    row '{MD5}' doveadm "$password" "$(dove -s MD5)"
    for scheme in SHA SHA256 SHA512 SSHA SSHA256 SSHA512 SMD5; do
        row "{$scheme}" doveadm "$password" "$(dove -s "$scheme")"
        for encoding in B64 HEX; do
            row "{$scheme.$encoding}" doveadm "$password" "$(dove -s "$scheme.$encoding")"
        done
    done
    row '{LDAP-MD5.HEX}' doveadm "$password" "$(dove -s LDAP-MD5.HEX)"
    row '{PLAIN-MD5.B64}' doveadm "$password" "$(dove -s PLAIN-MD5.B64)"

    for variant in i d id; do
        printf %s "$password" | argon2 saltsaltsalt -$variant -t 2 -m 10 -p 2 -e > "$work/hash"
        row "\$argon2$variant\$" argon2 "$password" "$(cat "$work/hash")"
        printf %s "$password" | argon2 'another salt, longer than usual' -$variant -v 10 -t 1 -k 100 -p 3 -l 24 -e > "$work/hash"
        row "\$argon2$variant\$" argon2 "$password" "$(cat "$work/hash")"
        # Version 16 as it was written before hashes carried a version.
        row "\$argon2$variant\$" argon2 "$password" "$(sed 's/v=16\$//' "$work/hash")"
    done
done

# Node's argon2, whose hashes deployed tables hold.
cd "$work"
npm install --silent --no-audit --no-fund argon2 >&2
printf '%s\n' "${passwords[@]}" | node -e '
const argon2 = require("argon2");
const row = (password, stored) => console.log(["$" + stored.split("$")[1] + "$", "npm argon2", password, stored].join("\t"));
(async () => {
  const passwords = require("fs").readFileSync(0, "utf8").trimEnd().split("\n");
  row(passwords[0], await argon2.hash(passwords[0]));
  for (const password of passwords) {
    for (const type of [argon2.argon2i, argon2.argon2d, argon2.argon2id]) {
      row(password, await argon2.hash(password, { type, memoryCost: 1024, timeCost: 2 }));
    }
    row(password, await argon2.hash(password, { memoryCost: 1024, associatedData: Buffer.from("with data") }));
  }
})();'
