// The published schema as Apache Directory's LDAP API loads it, strictly, and every entry put under it:
// java -cp ... ApacheSchema.java PORT DN PASSWORD
//
// Ends with an exception at the first thing that the schema manager does not accept.

import org.apache.directory.api.ldap.model.cursor.EntryCursor;
import org.apache.directory.api.ldap.model.entry.Attribute;
import org.apache.directory.api.ldap.model.entry.DefaultEntry;
import org.apache.directory.api.ldap.model.entry.Entry;
import org.apache.directory.api.ldap.model.entry.Value;
import org.apache.directory.api.ldap.model.message.SearchScope;
import org.apache.directory.api.ldap.model.schema.SchemaManager;
import org.apache.directory.api.ldap.schema.manager.impl.DefaultSchemaManager;
import org.apache.directory.ldap.client.api.DefaultSchemaLoader;
import org.apache.directory.ldap.client.api.LdapNetworkConnection;

public class ApacheSchema {
    public static void main(String[] arguments) throws Exception {
        try (LdapNetworkConnection connection = new LdapNetworkConnection("127.0.0.1", Integer.parseInt(arguments[0]))) {
            connection.setTimeOut(20_000);
            connection.bind(arguments[1], arguments[2]);
            SchemaManager schema = new DefaultSchemaManager(new DefaultSchemaLoader(connection, false));
            boolean loaded = schema.loadAllEnabled();
            for (Throwable error : schema.getErrors()) {
                System.err.println(error);
            }
            if (!loaded || !schema.getErrors().isEmpty()) {
                throw new IllegalStateException(schema.getErrors().size() + " errors in the schema");
            }
            String base = connection.getRootDse("namingContexts").get("namingContexts").getString();
            int count = 0;
            try (EntryCursor entries = connection.search(base, "(objectClass=*)", SearchScope.SUBTREE, "*", "+")) {
                while (entries.next()) {
                    // Looks up every type and class, normalizes every value, checks every syntax.
                    Entry entry = new DefaultEntry(schema, entries.get());
                    for (Attribute attribute : entry) {
                        if (attribute.getAttributeType() == null) {
                            throw new IllegalStateException(attribute.getId() + " is not defined");
                        }
                        for (Value value : attribute) {
                            if (!attribute.getAttributeType().getSyntax().getSyntaxChecker().isValidSyntax(
                                    value.isHumanReadable() ? value.getString() : value.getBytes())) {
                                throw new IllegalStateException(entry.getDn() + ": " + attribute);
                            }
                        }
                    }
                    for (Value name : entry.get("objectClass")) {
                        schema.lookupObjectClassRegistry(name.getString());
                    }
                    count++;
                }
            }
            System.out.println(schema.getAttributeTypeRegistry().size() + " types, " + count + " entries");
        }
    }
}
