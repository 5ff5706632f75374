#!/usr/bin/env bash
# Prints application-vectors.tsv: hashes of test passwords in the forms that applications store, made by their own libraries.
#   tests/data/make-application-vectors.sh > tests/data/application-vectors.tsv
# Needs (Debian) python3-venv php-cli wordpress php-illuminate-hashing ruby ruby-bcrypt libcrypt-pbkdf2-perl 389-ds-base
# dovecot-core, and PyPI. Costs are low where the library lets us: the tests hash without optimisation. Salts are random.
# Columns, separated by tabs: how the stored value begins, library, password, stored value.
set -euo pipefail

plain=secret
unicode='pässwörd €uro'
# Beyond bcrypt's 72 bytes and the block sizes of the digests.
long='a long one: 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 !"#$%&/()=? 0123456789 more'
passwords=("$plain" "$unicode" "$long")

umask 077
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
row() {
    case ${4-} in '' | '*'*) echo "no hash: $1 by $2" >&2; exit 1 ;; esac
    printf '%s\t%s\t%s\t%s\n' "$@"
}

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check django passlib 'bcrypt<4.1' argon2-cffi werkzeug >&2
"$work/venv/bin/python" - "${passwords[@]}" <<'PYTHON'
import base64, hashlib, os, struct, sys
from django.conf import settings
settings.configure()
import django
from django.contrib.auth import hashers as d
from passlib import hash as p
from werkzeug.security import generate_password_hash

def row(scheme, tool, password, stored):
    print(scheme, tool, password, stored, sep="\t", flush=True)

class Argon2(d.Argon2PasswordHasher):
    time_cost, memory_cost, parallelism = 1, 1024, 2

class Bcrypt(d.BCryptPasswordHasher):
    rounds = 4

class BcryptSha256(d.BCryptSHA256PasswordHasher):
    rounds = 4

version = "django " + django.get_version()
for password in sys.argv[1:]:
    for hasher in d.PBKDF2PasswordHasher(), d.PBKDF2SHA1PasswordHasher():
        row(hasher.algorithm + "$", version, password, hasher.encode(password, hasher.salt(), 1000))
    hasher = Argon2()
    row("argon2$argon2id$", version, password, hasher.encode(password, hasher.salt()))
    for hasher in Bcrypt(), BcryptSha256():
        row(hasher.algorithm + "$$2b$", version, password, hasher.encode(password, hasher.salt()))
    hasher = d.ScryptPasswordHasher()
    row("scrypt$", version, password, hasher.encode(password, hasher.salt(), n=1024, r=8, p=5))
    hasher = d.MD5PasswordHasher()
    row("md5$", version, password, hasher.encode(password, hasher.salt()))
    # Django's SHA-1 hasher is gone; passlib has it.
    row("sha1$", "passlib", password, p.django_salted_sha1.hash(password))

    row("$pbkdf2$", "passlib", password, p.pbkdf2_sha1.using(rounds=1000).hash(password))
    row("$pbkdf2-sha256$", "passlib", password, p.pbkdf2_sha256.using(rounds=1000).hash(password))
    row("$pbkdf2-sha512$", "passlib", password, p.pbkdf2_sha512.using(rounds=1000).hash(password))
    row("$scrypt$", "passlib", password, p.scrypt.using(rounds=10, block_size=8, parallelism=1).hash(password))
    row("$scrypt$", "passlib", password, p.scrypt.using(rounds=4, block_size=3, parallelism=7).hash(password))
    row("$bcrypt-sha256$v=2,", "passlib", password, p.bcrypt_sha256.using(rounds=4).hash(password))
    row("$bcrypt-sha256$2b,", "passlib", password, p.bcrypt_sha256.using(rounds=4, version=1).hash(password))
    row("{PKCS5S2}", "passlib", password, p.atlassian_pbkdf2_sha1.hash(password))
    row("{PBKDF2-SHA256}", "passlib", password, p.ldap_pbkdf2_sha256.using(rounds=1000).hash(password))
    row("$P$", "passlib", password, p.phpass.using(rounds=8).hash(password))
    row("$H$", "passlib", password, p.phpass.using(rounds=8, ident="H").hash(password))

    row("pbkdf2:", "werkzeug", password, generate_password_hash(password, "pbkdf2:sha256:1000"))
    row("pbkdf2:", "werkzeug", password, generate_password_hash(password, "pbkdf2:sha1:1000"))
    row("pbkdf2:", "werkzeug", password, generate_password_hash(password, "pbkdf2:sha512:1000"))
    row("scrypt:", "werkzeug", password, generate_password_hash(password, "scrypt:1024:8:1"))

    # Keycloak's columns have salt and key of 64 octets in base64 with padding; put together as the documentation says.
    for name, digest, length in ("pbkdf2-sha256", "sha256", 64), ("pbkdf2-sha512", "sha512", 64), ("pbkdf2", "sha1", 64), ("pbkdf2-sha256", "sha256", 32), ("pbkdf2-sha512", "sha512", 40):
        salt = os.urandom(16)
        key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, 1000, length)
        text = [base64.b64encode(part).decode() for part in (salt, key)]
        row("{" + name + "}", "hashlib", password, "{%s}1000$%s$%s" % (name, *text))
    # MediaWiki's form states the length. Grafana's columns put together: 50 octets, the salt as text.
    for digest, length in ("sha512", 64), ("sha256", 50), ("sha256", 24), ("sha1", 16):
        salt = os.urandom(10)
        key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, 1000, length)
        text = [base64.b64encode(part).decode() for part in (salt, key)]
        row(":pbkdf2:", "hashlib", password, ":pbkdf2:%s:1000:%d:%s:%s" % (digest, length, *text))
    # passlib's first form by another name.
    row("$pbkdf2-sha1$", "passlib, renamed", password, p.pbkdf2_sha1.using(rounds=1000).hash(password).replace("$pbkdf2$", "$pbkdf2-sha1$"))
    # ASP.NET Core Identity's third version: the digest's number, rounds, the length of the salt, salt and key.
    for number, digest in enumerate(("sha1", "sha256", "sha512")):
        salt = os.urandom(16)
        key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, 1000, 32)
        stored = base64.b64encode(b"\x01" + struct.pack(">III", number, 1000, 16) + salt + key).decode()
        row("AQAAAA", "hashlib, as asp.net", password, stored)
PYTHON

cat > "$work/make.php" <<'PHP'
<?php
require '/usr/share/wordpress/wp-includes/class-phpass.php';
foreach (['Contracts/Hashing/Hasher', 'Hashing/AbstractHasher', 'Hashing/BcryptHasher', 'Hashing/ArgonHasher', 'Hashing/Argon2IdHasher'] as $file)
    require "/usr/share/php/Illuminate/$file.php";
function row($scheme, $tool, $password, $stored) { echo "$scheme\t$tool\t$password\t$stored\n"; }
$itoa = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
$encode64 = fn($bytes) => (new PasswordHash(8, true))->encode64($bytes, strlen($bytes));
foreach (array_slice($argv, 1) as $password) {
    row('$P$', 'wordpress phpass', $password, (new PasswordHash(8, true))->HashPassword($password));
    // As wp_hash_password of WordPress 6.8 does it.
    $digest = base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true));
    row('$wp$2y$', 'wordpress 6.8', $password, '$wp' . password_hash($digest, PASSWORD_BCRYPT, ['cost' => 4]));
    // As Nextcloud's Hasher does it.
    $argon2 = ['memory_cost' => 1024, 'time_cost' => 2, 'threads' => 1];
    row('1|$2y$', 'php, as nextcloud', $password, '1|' . password_hash($password, PASSWORD_BCRYPT, ['cost' => 4]));
    row('2|$argon2i$', 'php, as nextcloud', $password, '2|' . password_hash($password, PASSWORD_ARGON2I, $argon2));
    row('3|$argon2id$', 'php, as nextcloud', $password, '3|' . password_hash($password, PASSWORD_ARGON2ID, $argon2));
    row('$2y$', 'laravel', $password, (new Illuminate\Hashing\BcryptHasher)->make($password, ['rounds' => 4]));
    row('$argon2id$', 'laravel', $password, (new Illuminate\Hashing\Argon2IdHasher)->make($password, ['memory' => 1024, 'time' => 2, 'threads' => 2]));
    // As MediaWiki does it.
    row(':argon2:$argon2id$', 'php, as mediawiki', $password, ':argon2:' . password_hash($password, PASSWORD_ARGON2ID, $argon2));
    row(':A:', 'php, as mediawiki', $password, ':A:' . md5($password));
    $salt = bin2hex(random_bytes(4));
    row(':B:', 'php, as mediawiki', $password, ":B:$salt:" . md5("$salt-" . md5($password)));
    // As Drupal's password.inc does it, and over the MD5 of its upgrade from Drupal 6.
    foreach (['$S$' => $password, 'U$S$' => md5($password)] as $scheme => $key) {
        $salt = $encode64(random_bytes(6));
        $hash = hash('sha512', $salt . $key, true);
        for ($round = 0; $round < 1 << 7; $round++) $hash = hash('sha512', $hash . $key, true);
        if (strlen($password) <= 512) row($scheme, 'php, as drupal', $password, $scheme . $itoa[7] . $salt . substr($encode64($hash), 0, 43));
    }
    row('U$P$', 'wordpress phpass, as drupal', $password, 'U' . (new PasswordHash(8, true))->HashPassword(md5($password)));
}
PHP
php "$work/make.php" "${passwords[@]}"

for password in "${passwords[@]}"; do
    # What Devise stores, where no pepper is set.
    row '$2a$' ruby-bcrypt "$password" "$(PASSWORD=$password ruby -rbcrypt -e 'print BCrypt::Password.create(ENV["PASSWORD"], cost: 4)')"

    for digest in HMACSHA1 HMACSHA2:256 HMACSHA2:512; do
        perl -MCrypt::PBKDF2 -e '
            my ($class, $size, $password) = @ARGV;
            my @size = $size ? (hash_args => { sha_size => $size }) : ();
            for ([ldap => q({X-PBKDF2})], [crypt => q($PBKDF2$)]) {
                my ($encoding, $scheme) = @$_;
                my $maker = Crypt::PBKDF2->new(encoding => $encoding, hash_class => $class, @size, iterations => 1000, salt_len => 10);
                print join("\t", $scheme, "Crypt::PBKDF2", $password, $maker->generate($password)), "\n";
            }' "${digest%:*}" "$(sed 's/^[^:]*:*//' <<<"$digest")" "$password"
    done

    # The library of 389 Directory Server lies in a directory of its own.
    ds() { LD_LIBRARY_PATH=$(echo /usr/lib/*/dirsrv) pwdhash -s "$1" "$password"; }
    for scheme in PBKDF2_SHA256 PBKDF2-SHA1 PBKDF2-SHA256 PBKDF2-SHA512; do
        row "{$scheme}" 389-ds "$password" "$(ds "$scheme")"
    done

    row '{PBKDF2}$1$' doveadm "$password" "$(doveadm -O pw -s PBKDF2 -r 1000 -p "$password")"
done
