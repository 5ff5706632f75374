// Changes a password as Keycloak does, through JNDI: by a modify with a replace, or by the password modify operation.
//
//   ChangePassword HOST PORT BIND_DN BIND_PASSWORD DN NEW replace|operation
//
// Prints "0", or what JNDI makes of the answer.

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Hashtable;
import javax.naming.Context;
import javax.naming.NamingException;
import javax.naming.directory.BasicAttribute;
import javax.naming.directory.DirContext;
import javax.naming.directory.ModificationItem;
import javax.naming.ldap.ExtendedRequest;
import javax.naming.ldap.ExtendedResponse;
import javax.naming.ldap.InitialLdapContext;

public class ChangePassword {
    public static void main(String[] arguments) throws Exception {
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
        environment.put(Context.PROVIDER_URL, "ldap://" + arguments[0] + ":" + arguments[1]);
        environment.put(Context.SECURITY_AUTHENTICATION, "simple");
        environment.put(Context.SECURITY_PRINCIPAL, arguments[2]);
        environment.put(Context.SECURITY_CREDENTIALS, arguments[3]);
        InitialLdapContext context = new InitialLdapContext(environment, null);
        try {
            if (arguments[6].equals("replace")) {
                BasicAttribute password = new BasicAttribute("userpassword", arguments[5]);
                ModificationItem item = new ModificationItem(DirContext.REPLACE_ATTRIBUTE, password);
                context.modifyAttributes(arguments[4], new ModificationItem[] {item});
            } else {
                context.extendedOperation(new PasswordModify(arguments[4], arguments[5]));
            }
            System.out.println("0");
        } catch (NamingException error) {
            System.out.println(error.getMessage());
        } finally {
            context.close();
        }
    }

    /** As Keycloak's PasswordModifyRequest: whose, and the new one. */
    static class PasswordModify implements ExtendedRequest {
        private final String user;
        private final String password;

        PasswordModify(String user, String password) {
            this.user = user;
            this.password = password;
        }

        @Override
        public String getID() {
            return "1.3.6.1.4.1.4203.1.11.1";
        }

        @Override
        public byte[] getEncodedValue() {
            ByteArrayOutputStream parts = new ByteArrayOutputStream();
            part(parts, 0x80, user);
            part(parts, 0x82, password);
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.write(0x30);
            whole.write(parts.size());
            whole.writeBytes(parts.toByteArray());
            return whole.toByteArray();
        }

        private static void part(ByteArrayOutputStream out, int tag, String text) {
            byte[] octets = text.getBytes(StandardCharsets.UTF_8);
            out.write(tag);
            out.write(octets.length);
            out.writeBytes(octets);
        }

        @Override
        public ExtendedResponse createExtendedResponse(String id, byte[] value, int offset, int length) {
            return new ExtendedResponse() {
                @Override
                public String getID() {
                    return id;
                }

                @Override
                public byte[] getEncodedValue() {
                    return value;
                }
            };
        }
    }
}
