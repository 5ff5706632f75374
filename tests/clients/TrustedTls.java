// Opens a connection with TLS, trusting what javax.net.ssl.trustStore says, for the name that is asked for.

import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

public class TrustedTls {
    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        try (SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault().createSocket(arguments[0], port)) {
            SSLParameters parameters = socket.getSSLParameters();
            // As JNDI does: the certificate must have the name.
            parameters.setEndpointIdentificationAlgorithm("LDAPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            System.out.println("trusted " + socket.getSession().getPeerPrincipal());
        }
    }
}
