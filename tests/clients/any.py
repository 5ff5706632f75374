"""Runs the clients of docs/clients/any.md with the lines that stand there, and says of each whether they work.

    any.py rules SERVER [CLIENT…]        SERVER: ldaps://localhost:PORT
    LDAP_CA, LOGIN_NAME, LOGIN_PASSWORD: the authority, a member of `ldapusers` and their password
    PACKAGES: where Debian's packages are unpacked

The directory has `svc-ldap`, the clients' own account, and `nulls`, who is not in the group; both have LOGIN_PASSWORD.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

SERVER, CA = sys.argv[2], os.environ["LDAP_CA"]
NAME, PASSWORD = os.environ["LOGIN_NAME"], os.environ["LOGIN_PASSWORD"]
OUTSIDER, NOBODY = "nulls", "nobody-at-all"
PACKAGES = Path(os.environ["PACKAGES"])
PAGE = (Path(__file__).parents[2] / "docs/clients/any.md").read_text()
HOST, PORT = SERVER.removeprefix("ldaps://").split(":")
LIBRARIES = ":".join(str(PACKAGES / path) for path in (
    "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib", "usr/lib/dovecot", "usr/lib/postfix", "usr/lib/freeradius"))
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "LDAPTLS_CACERT": CA,
               "LD_LIBRARY_PATH": LIBRARIES}


def lines(section, which=0):
    """A text of the page, with this directory's server, authority and password for those that stand there."""
    text = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)[1]
    text = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.M | re.S)[which]
    for old, new in (("ldaps://ldap1.example.com", SERVER), ("ldap1.example.com::636", f"{HOST}::{PORT}"),
                     ("ldap1.example.com", HOST), ("/etc/ssl/ldap-ca.pem", CA), ("SERVICE-PASSWORD", PASSWORD)):
        text = text.replace(old, new)
    return text


def run(*command, given="", **environment):
    command = [str(part) for part in command]
    result = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60,
                            env=ENVIRONMENT | environment)
    return result.returncode, result.stdout, result.stderr


def installed(*command):
    """For programs that look for each other in /usr/bin and for users of their own: as if they were installed, in a
    mount namespace."""
    script = (f"mount -t overlay -o lowerdir={PACKAGES}/usr:/usr overlay /usr && mount -t tmpfs tmpfs /mnt && "
              "cp /etc/passwd /etc/group /mnt && echo 'Debian-exim:x:60101:60101::/:/bin/false' >>/mnt/passwd && "
              "echo 'Debian-exim:x:60101:' >>/mnt/group && mount --bind /mnt/passwd /etc/passwd && "
              'mount --bind /mnt/group /etc/group && exec "$@"')
    return ["unshare", "--mount", "sh", "-c", script, "sh", *map(str, command)]


def same(found, wanted):
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}")


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Daemon:
    """A server that runs as long as it is needed."""

    def __init__(self, *command, ready, **environment):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT, env=ENVIRONMENT | environment)
        self.ready = ready

    def __enter__(self):
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            if self.ready():
                return self
            time.sleep(0.05)
        self.__exit__()
        self.log.seek(0)
        raise AssertionError(f"it did not start: {self.log.read()}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def open_port(number):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", number)) == 0


def apache(directory):
    at = port()
    modules = "".join(f"LoadModule {name}_module {PACKAGES}/usr/lib/apache2/modules/mod_{name}.so\n" for name in (
        "mpm_event", "authn_core", "authz_core", "authz_user", "auth_basic", "ldap", "authnz_ldap"))
    (directory / "www").mkdir()
    (directory / "www/page").write_text("hello\n")
    (directory / "conf").write_text(
        f"ServerRoot {directory}\nPidFile {directory}/pid\nDefaultRuntimeDir {directory}\nServerName localhost\n"
        f"Listen 127.0.0.1:{at}\nErrorLog {directory}/log\nDocumentRoot {directory}/www\n{modules}"
        f"{lines('Apache')}")

    def get(name, password):
        request = urllib.request.Request(f"http://127.0.0.1:{at}/page")
        request.add_header("Authorization", "Basic " + b64encode(f"{name}:{password}".encode()).decode())
        try:
            return urllib.request.urlopen(request, timeout=30).status
        except urllib.error.HTTPError as error:
            return error.code

    server = Daemon(PACKAGES / "usr/sbin/apache2", "-X", "-f", directory / "conf", ready=lambda: open_port(at))
    with server:
        for name, password, wanted in ((NAME, PASSWORD, 200), (NAME, "wrong", 401), (NOBODY, PASSWORD, 401),
                                       (OUTSIDER, PASSWORD, 401), (NAME, "", 401)):
            same((name, get(name, password)), (name, wanted))


def dovecot(directory):
    (directory / "ldap.conf").write_text(lines("Dovecot"))
    (directory / "run").mkdir()
    (directory / "conf").write_text(
        f"base_dir = {directory}/run\nstate_dir = {directory}/run\nprotocols =\nlog_path = {directory}/log\nssl = no\n"
        "default_internal_user = root\ndefault_internal_group = root\ndefault_login_user = nobody\n"
        "auth_mechanisms = plain\nfirst_valid_uid = 1\n"
        f"passdb {{\n driver = ldap\n args = {directory}/ldap.conf\n}}\n"
        f"userdb {{\n driver = ldap\n args = {directory}/ldap.conf\n}}\n"
        "service auth {\n user = root\n}\nservice stats {\n chroot =\n}\nservice anvil {\n chroot =\n}\n")
    doveadm = installed("/usr/bin/doveadm", "-c", directory / "conf")
    server = Daemon(*installed("/usr/sbin/dovecot", "-F", "-c", directory / "conf"),
                    ready=(directory / "run/auth-userdb").exists)
    with server:
        def test(name, password):
            return run(*doveadm, "auth", "test", name, password)[0]
        same(test(NAME, PASSWORD), 0)
        for name, password in ((NAME, "wrong"), (NOBODY, PASSWORD), (OUTSIDER, PASSWORD)):
            same((name, test(name, password)), (name, 77))
        code, text, _ = run(*doveadm, "user", NAME)
        same((code, re.search(r"^home\s+(.*)$", text, re.M)[1]), (0, f"/home/{NAME}"))
        same(run(*doveadm, "user", NOBODY)[0], 67)


def postfix(directory):
    (directory / "main.cf").write_text(
        f"compatibility_level = 3.6\nshlib_directory = {PACKAGES}/usr/lib/postfix\n"
        f"meta_directory = {directory}\nqueue_directory = {directory}\ndata_directory = {directory}\n"
        "mail_owner = daemon\nsetgid_group = adm\ndefault_privs = nobody\n")
    (directory / "dynamicmaps.cf").write_text(f"ldap {PACKAGES}/usr/lib/postfix/postfix-ldap.so dict_ldap_open\n")
    users = lines("Postfix")
    (directory / "users.cf").write_text(users)
    first = "".join(users.splitlines(True)[:8])
    (directory / "groups.cf").write_text(first + lines("Postfix", 1))

    def ask(table, key):
        code, text, errors = run(PACKAGES / "usr/sbin/postmap", "-c", directory, "-q", key,
                                 f"ldap:{directory}/{table}.cf")
        return code, text.strip() + errors

    same(ask("users", "bob.jones@example.com"), (0, "bob"))
    same(ask("users", "nobody@example.com"), (1, ""))
    code, members = ask("groups", "ldapusers@example.com")
    same((code, "bob.jones@example.com" in members.split(",")), (0, True))
    same(ask("groups", "none@example.com"), (1, ""))


def exim(directory):
    (directory / "conf").write_text(f"{lines('Exim')}log_file_path = {directory}/%slog\nspool_directory = {directory}\n"
                                    "primary_hostname = localhost\nkeep_environment =\n")

    def expand(text, **values):
        for name, value in values.items():
            text = text.replace("$" + name, value)
        _, text, errors = run(*installed("/usr/sbin/exim4", "-C", directory / "conf", "-be", text.strip()))
        return text.strip() + errors

    address, login = lines("Exim", 1), lines("Exim", 2)
    same(expand(address, local_part="bob.jones", domain="example.com"), "bob")
    same(expand(address, local_part="nobody", domain="example.com"), "")
    condition = "${if bool{" + login.strip() + "}{in}{out}}" if not login.startswith("${if") else \
        login.strip()[:-1] + "{in}{out}}"
    same(expand(condition, auth1=NAME, auth2=PASSWORD), "in")
    same(expand(condition, auth1=NAME, auth2="wrong"), "out")
    same(expand(condition, auth1=NOBODY, auth2=PASSWORD), "out")
    same(expand(condition, auth1=NAME, auth2=""), "out")


def freeradius(directory):
    auth, secret = port(), "testing"
    (directory / "dictionary").write_text(f"$INCLUDE {PACKAGES}/usr/share/freeradius/dictionary\n")
    (directory / "radiusd.conf").write_text(
        f"prefix = {directory}\nlibdir = {PACKAGES}/usr/lib/freeradius\nlogdir = {directory}\nraddbdir = {directory}\n"
        f"name = radiusd\nrun_dir = {directory}\ndictionary = {PACKAGES}/usr/share/freeradius\n"
        "security {\n allow_vulnerable_openssl = yes\n}\n"
        f"client here {{\n ipaddr = 127.0.0.1\n secret = {secret}\n}}\n"
        f"modules {{\n{lines('FreeRADIUS')}}}\n"
        f"server default {{\n listen {{\n type = auth\n ipaddr = 127.0.0.1\n port = {auth}\n }}\n"
        " authorize {\n ldap\n if ((ok || updated) && User-Password) {\n update control {\n &Auth-Type := LDAP\n }\n }\n }\n"
        " authenticate {\n Auth-Type LDAP {\n ldap\n }\n }\n}\n")

    def login(name, password):
        given = f'User-Name = "{name}"\nUser-Password = "{password}"\n'
        _, text, errors = run(PACKAGES / "usr/bin/radclient", "-x", "-D", PACKAGES / "usr/share/freeradius", "-r", "1",
                              "-t", "20", f"127.0.0.1:{auth}", "auth", secret, given=given)
        return re.findall(r"Received (\S+)", text) or text + errors

    def ready():
        server.log.seek(0)
        return "Ready to process requests" in server.log.read()

    server = Daemon(PACKAGES / "usr/sbin/freeradius", "-f", "-l", "stdout", "-xx", "-d", directory, "-n", "radiusd",
                    "-D", PACKAGES / "usr/share/freeradius", ready=ready)
    with server:
        same(login(NAME, PASSWORD), ["Access-Accept"])
        for name, password in ((NAME, "wrong"), (NOBODY, PASSWORD), (OUTSIDER, PASSWORD)):
            same((name, login(name, password)), (name, ["Access-Reject"]))


def postgresql(directory):
    at, binaries = port(), max(Path("/usr/lib/postgresql").iterdir(), key=lambda path: int(path.name)) / "bin"
    os.chmod(directory, 0o755)
    data = directory / "data"
    subprocess.run(["install", "-d", "-o", "postgres", data], check=True)
    as_postgres = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    same(run(*as_postgres, binaries / "initdb", "-A", "trust", "-D", data / "db")[0], 0)
    hba = data / "db/pg_hba.conf"
    hba.write_text("local all all trust\n" + lines("PostgreSQL"))
    psql = [binaries / "psql", "-X", "-h", data, "-p", str(at), "-U", "postgres", "-d", "postgres", "-Atqc"]
    server = Daemon(*as_postgres, binaries / "postgres", "-D", data / "db", "-p", str(at), "-k", data,
                    "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                    ready=lambda: run(*psql, "SELECT 1")[0] == 0)
    with server:
        for name in (NAME, OUTSIDER):
            same(run(*psql, f'CREATE ROLE "{name}" LOGIN')[0], 0)

        def login(name, password):
            return run(binaries / "psql", "-X", "-h", "127.0.0.1", "-p", at, "-U", name, "-d", "postgres", "-Atqc",
                       "SELECT current_user", PGPASSWORD=password)[:2]

        same(login(NAME, PASSWORD), (0, f"{NAME}\n"))
        for name, password in ((NAME, "wrong"), (OUTSIDER, PASSWORD)):
            same((name, login(name, password)), (name, (2, "")))


def squid(directory):
    text = lines("Squid")
    login = re.search(r"^auth_param basic program (.*)$", text, re.M)[1].split(" ")
    group = re.search(r"^external_acl_type ldap_group %LOGIN (.*)$", text, re.M)[1].split(" ")
    login[0], group[0] = f"{PACKAGES}{login[0]}", f"{PACKAGES}{group[0]}"
    given = f"{NAME} {PASSWORD}\n{NAME} wrong\n{NOBODY} {PASSWORD}\n{NAME}*  {PASSWORD}\n"
    code, answers, errors = run(*login, given=given)
    # Version 5 looks for the reason on its other connection, finds none, and says BH: not let in either.
    same((code, [line.split()[0] for line in answers.replace("BH", "ERR").splitlines()]), (0, ["OK", "ERR", "ERR", "ERR"]))
    code, answers, errors = run(*group, given=f"{NAME} ldapusers\n{OUTSIDER} ldapusers\n{NAME} none\n")
    same((code, [line.split()[0] for line in answers.splitlines()]), (0, ["OK", "ERR", "ERR"]))


def proftpd(directory):
    import ftplib
    at = port()
    (directory / "home").mkdir()
    text = lines("ProFTPD")
    (directory / "conf").write_text(
        f"ModulePath {PACKAGES}/usr/lib/proftpd\n{text}\nServerName here\nServerType standalone\nPort {at}\n"
        f"DefaultAddress 127.0.0.1\nUseIPv6 off\nUser nobody\nGroup nogroup\nPidFile {directory}/pid\n"
        f"ScoreboardFile {directory}/scoreboard\nSystemLog {directory}/log\nRequireValidShell off\nUseReverseDNS off\n"
        f"DelayEngine off\nWtmpLog off\nTransferLog none\nDefaultRoot {directory}/home\n"
        f"LDAPForceGeneratedHomedir on\nLDAPGenerateHomedir on 755\nLDAPGenerateHomedirPrefix {directory}/home\n"
        "CreateHome on 755\n")

    def login(name, password):
        with ftplib.FTP() as client:
            client.connect("127.0.0.1", at, 30)
            try:
                return client.login(name, password)[:3]
            except ftplib.error_perm as error:
                return str(error)[:3]

    server = Daemon(PACKAGES / "usr/sbin/proftpd", "-n", "-c", directory / "conf", ready=lambda: open_port(at))
    with server:
        same(login(NAME, PASSWORD), "230")
        for name, password in ((NAME, "wrong"), (NOBODY, PASSWORD), (OUTSIDER, PASSWORD)):
            same((name, login(name, password)), (name, "530"))


def openvpn(directory):
    """The plugin, called as OpenVPN calls it (openvpn-plugin.h, version 2 of its functions)."""
    (directory / "conf").write_text(lines("OpenVPN"))
    program = Path(__file__).parent / "openvpn_plugin.py"
    plugin = PACKAGES / "usr/lib/openvpn/openvpn-auth-ldap.so"

    def login(name, password):
        code, text, errors = run("/usr/bin/python3", "-B", program, plugin, directory / "conf", name, password)
        return text.strip() or errors

    same(login(NAME, PASSWORD), "0")
    for name, password in ((NAME, "wrong"), (NOBODY, PASSWORD), (OUTSIDER, PASSWORD)):
        same((name, login(name, password)), (name, "1"))


def php(directory):
    (directory / "page.php").write_text("<?php [, $user, $password] = $argv;\n" + lines("PHP") + "\necho $ok ? 'in' : 'out';\n")
    modules = next((PACKAGES / "usr/lib/php").glob("2*"))
    program = next((PACKAGES / "usr/bin").glob("php[0-9]*"))

    def login(name, password):
        return run(program, "-n", "-d", f"extension={modules}/ldap.so", directory / "page.php", name,
                   password)[1]

    same(login(NAME, PASSWORD), "in")
    for name, password in ((NAME, "wrong"), (NOBODY, PASSWORD), (OUTSIDER, PASSWORD), (NAME, ""), ("*", PASSWORD)):
        same((name, login(name, password)), (name, "out"))


def django(directory):
    (directory / "site_settings.py").write_text(
        "import ldap\nfrom django_auth_ldap.config import GroupOfNamesType, LDAPSearch\n" + lines("Django") +
        "INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes']\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': ':memory:'}}\nSECRET_KEY = 'x'\n"
        "USE_TZ = True\n")
    (directory / "login.py").write_text(
        "import sys, django\ndjango.setup()\nfrom django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\nfrom django.contrib.auth import authenticate\n"
        "for name, password in zip(sys.argv[1::2], sys.argv[2::2]):\n"
        "    user = authenticate(None, username=name, password=password)\n"
        "    print(user and f'{user.username} {user.email} {user.last_name}')\n")
    code, text, errors = run("/usr/bin/python3", "-B", directory / "login.py", NAME, PASSWORD, NAME, "wrong", NOBODY,
                             PASSWORD, OUTSIDER, PASSWORD, DJANGO_SETTINGS_MODULE="site_settings",
                             PYTHONPATH=f"{directory}:{PACKAGES}/usr/lib/python3/dist-packages")
    if code:
        raise AssertionError(errors)
    same(text.splitlines(), [f"{NAME} {NAME}@example.com Hash", "None", "None", "None"])


CLIENTS = (apache, dovecot, postfix, exim, freeradius, postgresql, squid, proftpd, openvpn, php, django)


def main():
    only = sys.argv[3:]
    for client in CLIENTS:
        if only and client.__name__ not in only:
            continue
        rule = f"{client.__name__}_works_with_the_lines_of_the_page"
        directory = Path(tempfile.mkdtemp(prefix="any"))
        try:
            client(directory)
            print(f"ok {rule}", flush=True)
        except Exception as error:  # noqa: BLE001
            why = f"{type(error).__name__}: {error}".replace("\n", " | ")
            print(f"not ok {rule}: {why}", flush=True)
            for log in directory.glob("*log"):
                if log.is_file():
                    print(f"{rule}: {log.read_text(errors='replace')[-3000:]}", file=sys.stderr)
        finally:
            subprocess.run(["rm", "-rf", "--", directory], check=False)


main()
