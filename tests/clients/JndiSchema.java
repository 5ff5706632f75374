// The published schema as JNDI reads it, and every answer held against it: java JndiSchema.java URI DN PASSWORD
//
// Ends with an exception at the first definition that does not parse, that refers to nothing, or that is missing.

import java.util.HashMap;
import java.util.HashSet;
import java.util.Hashtable;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import javax.naming.Binding;
import javax.naming.NamingEnumeration;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.directory.Attributes;
import javax.naming.directory.DirContext;
import javax.naming.directory.InitialDirContext;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;

public class JndiSchema {
    public static void main(String[] arguments) throws NamingException {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put("java.naming.factory.initial", "com.sun.jndi.ldap.LdapCtxFactory");
        environment.put("java.naming.provider.url", arguments[0]);
        environment.put("java.naming.security.principal", arguments[1]);
        environment.put("java.naming.security.credentials", arguments[2]);
        environment.put("com.sun.jndi.ldap.read.timeout", "20000");
        DirContext context = new InitialDirContext(environment);

        DirContext root = context.getSchema("");
        Definitions attributes = new Definitions(root, "AttributeDefinition");
        Definitions classes = new Definitions(root, "ClassDefinition");
        Definitions syntaxes = new Definitions(root, "SyntaxDefinition");
        Definitions rules = new Definitions(root, "MatchingRule");

        attributes.lead("SUP", attributes);
        attributes.lead("SYNTAX", syntaxes);
        for (String keyword : new String[] {"EQUALITY", "ORDERING", "SUBSTRING"}) {
            attributes.lead(keyword, rules);
        }
        classes.lead("SUP", classes);
        classes.lead("MUST", attributes);
        classes.lead("MAY", attributes);
        rules.lead("SYNTAX", syntaxes);

        String base = (String) context.getAttributes("", new String[] {"namingContexts"}).get("namingContexts").get();
        SearchControls controls = new SearchControls();
        controls.setSearchScope(SearchControls.SUBTREE_SCOPE);
        controls.setReturningAttributes(new String[] {"*", "+"});
        NamingEnumeration<SearchResult> found = context.search(base, "(objectClass=*)", controls);
        int count = 0;
        while (found.hasMore()) {
            SearchResult entry = found.next();
            count++;
            for (NamingEnumeration<String> names = entry.getAttributes().getIDs(); names.hasMore(); ) {
                attributes.want(names.next(), entry.getName());
            }
            Attribute of = entry.getAttributes().get("objectClass");
            for (int place = 0; place < of.size(); place++) {
                classes.want((String) of.get(place), entry.getName());
                // JNDI's own way from an entry to its classes.
                if (count == 1) {
                    context.getSchemaClassDefinition(entry.getNameInNamespace());
                }
            }
        }
        System.out.println(attributes.size() + " types, " + count + " entries");
    }

    /** What is defined under one node of the schema tree, by name and by identifier. */
    private static final class Definitions {
        private final String kind;
        private final Map<String, Attributes> known = new HashMap<>();
        private final Set<String> identifiers = new HashSet<>();

        Definitions(DirContext root, String kind) throws NamingException {
            this.kind = kind;
            NamingEnumeration<Binding> all = root.listBindings(kind);
            while (all.hasMore()) {
                Attributes definition = ((DirContext) all.next().getObject()).getAttributes("");
                String oid = (String) definition.get("NUMERICOID").get();
                require(identifiers.add(oid), kind + " " + oid + " is there twice");
                add(oid, definition);
                Attribute names = definition.get("NAME");
                for (int place = 0; names != null && place < names.size(); place++) {
                    add((String) names.get(place), definition);
                }
            }
            require(!identifiers.isEmpty(), "no " + kind);
        }

        private void add(String name, Attributes definition) {
            Attributes other = known.put(name.toLowerCase(Locale.ROOT), definition);
            require(other == null || other == definition, kind + " " + name + " is defined twice");
        }

        int size() {
            return identifiers.size();
        }

        void lead(String keyword, Definitions target) throws NamingException {
            for (Map.Entry<String, Attributes> definition : known.entrySet()) {
                Attribute references = definition.getValue().get(keyword);
                for (int place = 0; references != null && place < references.size(); place++) {
                    target.want((String) references.get(place), keyword + " of " + definition.getKey());
                }
            }
        }

        void want(String name, String where) {
            // JNDI leaves the length in the name of a syntax.
            String bare = name.replaceFirst("\\{\\d+\\}$", "").split(";")[0];
            require(known.containsKey(bare.toLowerCase(Locale.ROOT)), kind + " " + name + " is not defined: " + where);
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalStateException(message);
        }
    }
}
