// What Search Guard's LDAP back end (over JNDI) does with a directory: logins, and the roles of who has logged in.
//
//   java SearchGuard.java rules SERVERS FACTS   checks each rule of docs/clients/search-guard.md: "ok RULE" or
//                                               "not ok RULE: why"
//   java SearchGuard.java work SERVERS          a login at each line of standard input; standard output tells what came
//                                               of it
//
// SERVERS is HOST:PORT,HOST:PORT; FACTS a directory with what the database holds.

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.naming.AuthenticationException;
import javax.naming.AuthenticationNotSupportedException;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.Attributes;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.Control;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.LdapContext;
import javax.naming.ldap.ManageReferralControl;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class SearchGuard {
    static final String BASE = "dc=example,dc=com";
    static final String[] ALL = {"*"};
    static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    static String[] servers;
    static Path facts;

    // --- The client --------------------------------------------------------------------------------------------------

    /** Trusts the given authorities, and looks at the host name, as it does by default. */
    static void trust() throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (FileInputStream file = new FileInputStream(System.getenv("LDAP_CA"))) {
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                store.setCertificateEntry("authority" + store.size(), one);
            }
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(store);
        SSLContext context = SSLContext.getInstance("TLSv1.2");
        context.init(null, managers.getTrustManagers(), null);
        SSLContext.setDefault(context);
    }

    static Hashtable<String, Object> environment(String... hosts) {
        Hashtable<String, Object> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        List<String> urls = new ArrayList<>();
        for (String host : hosts) {
            urls.add("ldaps://" + host);
        }
        // Tried in this order.
        environment.put(Context.PROVIDER_URL, String.join(" ", urls));
        environment.put(Context.REFERRAL, "throw");
        environment.put("java.naming.ldap.derefAliases", "always");
        environment.put("java.naming.ldap.version", "3");
        environment.put("com.sun.jndi.ldap.connect.timeout", "5000");
        // Search Guard waits for ever.
        environment.put("com.sun.jndi.ldap.read.timeout", "30000");
        return environment;
    }

    /** A connection on which nobody has said anything. */
    static LdapContext connected(String... hosts) throws NamingException {
        return new InitialLdapContext(environment(hosts.length == 0 ? servers : hosts), null);
    }

    static LdapContext bound(String dn, String password) throws NamingException {
        Hashtable<String, Object> environment = environment(servers);
        environment.put(Context.SECURITY_AUTHENTICATION, "simple");
        environment.put(Context.SECURITY_PRINCIPAL, dn);
        environment.put(Context.SECURITY_CREDENTIALS, password);
        return new InitialLdapContext(environment, null);
    }

    static SearchControls controls(int scope, String... attributes) {
        SearchControls controls = new SearchControls();
        controls.setSearchScope(scope);
        controls.setReturningAttributes(attributes);
        return controls;
    }

    static Map<String, Attributes> search(LdapContext context, String base, SearchControls controls, String filter,
            Object... values) throws NamingException {
        Map<String, Attributes> entries = new TreeMap<>();
        NamingEnumeration<SearchResult> found = context.search(new javax.naming.ldap.LdapName(base), filter, values, controls);
        while (found.hasMore()) {
            SearchResult entry = found.next();
            if (entries.put(entry.getNameInNamespace(), entry.getAttributes()) != null) {
                throw new AssertionError(entry.getName() + " came twice");
            }
        }
        return entries;
    }

    static Map<String, Attributes> subtree(LdapContext context, String filter, Object... values) throws NamingException {
        return search(context, BASE, controls(SearchControls.SUBTREE_SCOPE, ALL), filter, values);
    }

    static Map<String, Attributes> read(LdapContext context, String dn, String... attributes) throws NamingException {
        return search(context, dn, controls(SearchControls.OBJECT_SCOPE, attributes), "(objectClass=*)");
    }

    static Set<String> values(Attributes attributes, String name) throws NamingException {
        Set<String> values = new TreeSet<>();
        Attribute attribute = attributes.get(name);
        for (int place = 0; attribute != null && place < attribute.size(); place++) {
            values.add((String) attribute.get(place));
        }
        return values;
    }

    /** The DN of who has logged in; null for nobody and for a wrong password. */
    static String authenticated(LdapContext context, String name, String password) throws NamingException {
        Map<String, Attributes> users = subtree(context, "(uid={0})", name);
        if (users.size() != 1) {
            return null;
        }
        String dn = users.keySet().iterator().next();
        try {
            bound(dn, password).close();
        } catch (AuthenticationException refused) {
            return null;
        }
        return dn;
    }

    /** The names of the groups that the role search finds. */
    static Set<String> roles(LdapContext context, String dn) throws NamingException {
        Set<String> roles = new TreeSet<>();
        for (String role : subtree(context, "(member={0})", dn).keySet()) {
            roles.addAll(values(read(context, role, ALL).get(role), "cn"));
        }
        return roles;
    }

    // --- The rules ---------------------------------------------------------------------------------------------------

    interface Rule {
        void check(LdapContext context) throws Exception;
    }

    static void equal(String what, Object got, Object wanted) {
        if (!got.equals(wanted)) {
            throw new AssertionError(what + ": " + got + ", not " + wanted);
        }
    }

    static void ends(String what, Class<?> how, java.util.concurrent.Callable<?> action) {
        Object got;
        try {
            got = action.call();
        } catch (Exception error) {
            equal(what, error.getClass(), how);
            return;
        }
        throw new AssertionError(what + ": " + got);
    }

    static List<String[]> rows(String table) throws IOException {
        List<String[]> rows = new ArrayList<>();
        for (String line : Files.readAllLines(facts.resolve(table))) {
            rows.add(line.split("\t", -1));
        }
        return rows;
    }

    static Set<String> groupsOf(String user) throws IOException {
        Set<String> groups = new TreeSet<>();
        for (String[] row : rows("members")) {
            if (row[1].equals(user)) {
                groups.add(row[0]);
            }
        }
        return groups;
    }

    static String user(String name) {
        return "uid=" + name + "," + BASE;
    }

    static String group(String name) {
        return "cn=" + name + "," + BASE;
    }

    static Map<String, Rule> rules() {
        String name = System.getenv("LOGIN_NAME");
        String password = System.getenv("LOGIN_PASSWORD");
        Map<String, Rule> rules = new TreeMap<>();

        rules.put("tls_1_2_with_the_host_name", context -> {
            String host = servers[0].split(":")[0];
            int port = Integer.parseInt(servers[0].split(":")[1]);
            javax.net.ssl.SSLSocket socket =
                    (javax.net.ssl.SSLSocket) SSLContext.getDefault().getSocketFactory().createSocket(host, port);
            javax.net.ssl.SSLParameters parameters = socket.getSSLParameters();
            parameters.setProtocols(new String[] {"TLSv1.2"});
            parameters.setEndpointIdentificationAlgorithm("LDAPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            equal("version", socket.getSession().getProtocol(), "TLSv1.2");
            socket.close();
        });
        rules.put("search_before_bind", context -> equal("users", subtree(connected(), "(uid={0})", "alice").size(), 1));
        rules.put("one_user_by_name", context -> {
            equal("alice", subtree(context, "(uid={0})", "alice").keySet(), Set.of(user("alice")));
            equal("nobody", subtree(context, "(uid={0})", "nobody").size(), 0);
            equal("a pattern", subtree(context, "(uid={0})", "ali*").size(), 0);
            equal("parentheses", subtree(context, "(uid={0})", "alice)(uid=*").size(), 0);
        });
        rules.put("manage_dsa_it", context -> {
            for (boolean critical : new boolean[] {false, true}) {
                LdapContext with = context.newInstance(new Control[] {new ManageReferralControl(critical)});
                equal("critical " + critical, subtree(with, "(uid={0})", "alice").size(), 1);
            }
        });
        rules.put("binds", context -> {
            equal("right", authenticated(context, name, password), user(name));
            ends("wrong", AuthenticationException.class, () -> bound(user(name), "wrong-Passw0rd"));
            ends("nobody", AuthenticationException.class, () -> bound(user("nobody"), password));
            ends("outside", AuthenticationException.class, () -> bound("CN=faketomakebindfail,DC=0815", password));
        });
        rules.put("binds_again_and_back", context -> {
            LdapContext again = connected();
            for (String with : new String[] {password, "wrong-Passw0rd", password}) {
                again.addToEnvironment(Context.SECURITY_AUTHENTICATION, "simple");
                again.addToEnvironment(Context.SECURITY_PRINCIPAL, user(name));
                again.addToEnvironment(Context.SECURITY_CREDENTIALS, with);
                if (with.equals(password)) {
                    again.reconnect(null);
                } else {
                    ends("wrong", AuthenticationException.class, () -> { again.reconnect(null); return "in"; });
                }
                again.addToEnvironment(Context.SECURITY_AUTHENTICATION, "none");
                again.removeFromEnvironment(Context.SECURITY_PRINCIPAL);
                again.removeFromEnvironment(Context.SECURITY_CREDENTIALS);
                again.reconnect(null);
                equal("afterwards", subtree(again, "(uid={0})", "alice").size(), 1);
            }
        });
        rules.put("roles_by_member", context -> {
            Set<String> wanted = subtree(context, "(member={0})", user("alice")).keySet();
            equal("roles", wanted.size(), groupsOf("alice").size());
            for (String spelling : new String[] {"UID=ALICE,DC=EXAMPLE,DC=COM", "uid=alice, dc=example, dc=com",
                    "uid=\\61lice,dc=example,dc=com", "uid=al\\69ce,dc=ex\\61mple,dc=com"}) {
                equal(spelling, subtree(context, "(member={0})", spelling).keySet(), wanted);
            }
            for (String spelling : new String[] {"uid=doe\\, john," + BASE, "uid=doe\\2c john," + BASE}) {
                equal(spelling, roles(context, spelling), groupsOf("doe, john"));
            }
            for (String other : new String[] {"no dn", "", "uid=alice", "uid=alice,dc=example,dc=org", "cn=a+sn=b," + BASE}) {
                equal(other, subtree(context, "(member={0})", other).size(), 0);
            }
        });
        rules.put("roles_by_other_attributes", context -> {
            Set<String> wanted = subtree(context, "(member={0})", user("alice")).keySet();
            equal("uniqueMember", subtree(context, "(uniqueMember={0})", user("alice")).keySet(), wanted);
            equal("owner", subtree(context, "(owner={0})", user("alice")).size(), 0);
            equal("unknown", subtree(context, "(noSuchAttribute={0})", user("alice")).size(), 0);
            equal("memberUid", subtree(context, "(memberUid={0})", "alice").keySet(), wanted);
        });
        rules.put("every_group_can_be_read", context -> {
            Set<String> names = new TreeSet<>();
            Set<String> groups = subtree(context, "(objectClass=groupOfNames)").keySet();
            for (String dn : groups) {
                Map<String, Attributes> found = read(context, dn, ALL);
                equal(dn, found.keySet(), Set.of(dn));
                equal("cn of " + dn, values(found.get(dn), "cn").size(), 1);
                names.addAll(values(found.get(dn), "cn"));
            }
            Set<String> wanted = new TreeSet<>();
            for (String[] row : rows("groups")) {
                wanted.add(row[0]);
            }
            equal("groups", names, wanted);
        });
        rules.put("member_of_is_what_the_role_search_finds", context -> {
            for (String who : new String[] {"alice", "bob", "many1", "many77", "heidi"}) {
                Set<String> named = values(read(context, user(who), "memberOf").get(user(who)), "memberOf");
                equal(who, named, new TreeSet<>(subtree(context, "(member={0})", user(who)).keySet()));
            }
        });
        rules.put("attributes_asked_for", context -> {
            Attributes users = read(context, user("alice"), ALL).get(user("alice"));
            Attributes both = read(context, user("alice"), "*", "+").get(user("alice"));
            Attributes none = read(context, user("alice"), "1.1").get(user("alice"));
            equal("*", users.get("cn") != null && users.get("entryUUID") == null, true);
            equal("* and +", both.get("cn") != null && both.get("entryUUID") != null && both.get("memberOf") != null, true);
            equal("1.1", none.size(), 0);
        });
        rules.put("no_nested_roles", context -> {
            for (String role : new String[] {"staff", "developers", "empty"}) {
                equal(role, subtree(context, "(member={0})", group(role)).size(), 0);
            }
        });
        rules.put("hundreds_of_terms", context -> {
            StringBuilder filter = new StringBuilder("(|");
            Set<String> wanted = new TreeSet<>();
            for (int number = 2; number <= 600; number++) {
                filter.append("(member=").append(user("many" + number)).append(")");
            }
            for (String[] row : rows("members")) {
                if (row[1].matches("many([2-9]|[1-9][0-9]|[1-5][0-9][0-9]|600)")) {
                    wanted.add(group(row[0]));
                }
            }
            equal("groups", new TreeSet<>(subtree(context, filter.append(")").toString()).keySet()), wanted);
        });
        rules.put("validation_of_pooled_connections", context -> {
            SearchControls one = controls(SearchControls.OBJECT_SCOPE, "1.1");
            one.setCountLimit(1);
            equal("root DSE", search(context, "", one, "(objectClass=*)").size(), 1);
            // JNDI asks for a Compare where no attributes are wanted and the filter is an equality.
            SearchControls compare = controls(SearchControls.OBJECT_SCOPE);
            search(context, "", compare, "(objectClass=top)");
            equal("compare", search(context, user("alice"), compare, "(objectClass=person)").size(), 1);
            equal("compare", search(context, user("alice"), compare, "(objectClass=posixGroup)").size(), 0);
            equal("afterwards", subtree(context, "(uid={0})", "alice").size(), 1);
        });
        rules.put("an_empty_base", context -> {
            ends("nothing there", NameNotFoundException.class,
                () -> search(context, "", controls(SearchControls.SUBTREE_SCOPE, ALL), "(uid=alice)"));
            equal("afterwards", subtree(context, "(uid={0})", "alice").size(), 1);
        });
        rules.put("no_referrals", context -> {
            // They would be exceptions.
            subtree(context, "(objectClass=*)");
            ends("the empty base", NameNotFoundException.class,
                () -> search(context, "", controls(SearchControls.SUBTREE_SCOPE, "1.1"), "(objectClass=*)"));
            ends("elsewhere", NameNotFoundException.class, () -> read(context, "dc=example,dc=org", ALL));
            ends("below a user", NameNotFoundException.class, () -> read(context, "cn=x," + user("alice"), ALL));
        });
        rules.put("sasl_external", context -> {
            LdapContext external = connected();
            external.addToEnvironment(Context.SECURITY_AUTHENTICATION, "EXTERNAL");
            ends("EXTERNAL", AuthenticationNotSupportedException.class, () -> { external.reconnect(null); return "in"; });
        });
        rules.put("all_groups_of_a_user", context -> {
            equal("many1", roles(context, user("many1")), groupsOf("many1"));
            equal("enough for the test", groupsOf("many1").size() >= 250, true);
        });
        rules.put("idle_connections", context -> {
            List<LdapContext> pool = new ArrayList<>();
            for (int number = 0; number < 10; number++) {
                pool.add(connected());
            }
            Thread.sleep(1000);
            for (LdapContext one : pool) {
                equal("users", subtree(one, "(uid={0})", "alice").size(), 1);
                one.close();
            }
        });
        rules.put("first_server_dead", context -> {
            int port;
            try (java.net.ServerSocket socket = new java.net.ServerSocket(0)) {
                port = socket.getLocalPort();
            }
            equal("users", subtree(connected("127.0.0.1:" + port, servers[1]), "(uid={0})", "alice").size(), 1);
        });
        return rules;
    }

    static String told(Throwable error) {
        String text = error.getClass().getSimpleName() + ": " + error.getMessage();
        return text.replaceAll("\\s+", " ");
    }

    static void check() throws Exception {
        for (Map.Entry<String, Rule> rule : rules().entrySet()) {
            try {
                LdapContext context = connected();
                rule.getValue().check(context);
                context.close();
                OUT.println("ok " + rule.getKey());
            } catch (Exception | AssertionError error) {
                OUT.println("not ok " + rule.getKey() + ": " + told(error));
            }
        }
    }

    // --- Logins on demand --------------------------------------------------------------------------------------------

    static void work() throws Exception {
        String name = System.getenv("LOGIN_NAME");
        String password = System.getenv("LOGIN_PASSWORD");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            try {
                LdapContext context = connected();
                String dn = authenticated(context, name, password);
                if (line.equals("halt")) {
                    OUT.println("halted");
                    input.readLine();
                }
                // Nobody is in no matter how, with the roles that happen to be there.
                OUT.println("took " + dn + " " + roles(context, dn) + " " + roles(context, user("alice")));
                context.close();
            } catch (NamingException error) {
                OUT.println("left " + told(error));
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        servers = arguments[1].split(",");
        trust();
        if (arguments[0].equals("rules")) {
            facts = Path.of(arguments[2]);
            check();
        } else {
            work();
        }
        System.exit(0);
    }
}
