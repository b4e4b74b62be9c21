import com.sun.xml.ws.api.SOAPVersion;
import com.sun.xml.ws.api.message.Headers;
import com.sun.xml.ws.developer.JAXWSProperties;
import com.sun.xml.ws.developer.WSBindingProvider;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import javax.xml.namespace.QName;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.ws.soap.AddressingFeature;
import javax.xml.ws.soap.MTOMFeature;
import javax.xml.ws.soap.SOAPFaultException;
import org.w3c.dom.Element;
import repository.DocumentContent;
import repository.DocumentRequest;
import repository.DocumentResponse;
import repository.ProvideAndRegister;
import repository.RegistryResponseType;
import repository.Repository;
import repository.RepositoryPort;
import repository.RetrieveDocumentSet;
import repository.RetrievedDocumentSet;

/** TD2.1 then TD3.2 with the JAX-WS reference implementation (Metro): its envelope, addressing, MTOM and TLS. */
public final class Client {
    private static final Path DATA = Paths.get(System.getenv("INTEROP_DATA"));

    public static void main(String[] arguments) throws Exception {
        List<String[]> documents = new ArrayList<>();
        for (String line : Files.readAllLines(DATA.resolve("documents.tsv"))) {
            documents.add(line.split("\t"));
        }
        URL wsdl = Paths.get(System.getenv("INTEROP_WSDL")).toUri().toURL();
        Repository service = new Repository(wsdl, new QName("urn:ihe:iti:xds-b:2007", "Repository"));

        ProvideAndRegister submission = new ProvideAndRegister();
        submission.setAny(element("submission.xml"));
        for (String[] one : documents) {
            DocumentContent document = new DocumentContent();
            document.setId(one[0]);
            document.setValue(Files.readAllBytes(Paths.get(one[2])));
            submission.getDocument().add(document);
        }
        try {
            RegistryResponseType fed = port(service, "feed-security.xml").provideAndRegister(submission);
            System.out.println("feed " + fed.getStatus());
        } catch (SOAPFaultException fault) {
            System.out.println("feed fault " + fault.getFault().getFaultString());
        }

        RetrieveDocumentSet asked = new RetrieveDocumentSet();
        for (String[] one : documents) {
            if (!one[1].isEmpty()) {
                DocumentRequest request = new DocumentRequest();
                request.setRepositoryUniqueId(System.getenv("INTEROP_REPOSITORY"));
                request.setDocumentUniqueId(one[1]);
                asked.getDocumentRequest().add(request);
            }
        }
        RetrievedDocumentSet given;
        try {
            given = port(service, "retrieve-security.xml").retrieve(asked);
        } catch (SOAPFaultException fault) {
            System.out.println("retrieve fault " + fault.getFault().getFaultString());
            return;
        }
        System.out.println("retrieve " + given.getRegistryResponse().getStatus());
        for (DocumentResponse one : given.getDocumentResponse()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            one.getDocument().writeTo(bytes);
            Files.write(DATA.resolve("retrieved").resolve(one.getDocumentUniqueId()), bytes.toByteArray());
        }
    }

    /** A port whose outbound header is the VIHF, as a DOM element: no SOAPHandler, which would inline the parts. */
    private static RepositoryPort port(Repository service, String security) throws Exception {
        RepositoryPort port = service.getRepositoryPort(new AddressingFeature(true, true), new MTOMFeature(0));
        WSBindingProvider binding = (WSBindingProvider) port;
        binding.setAddress(System.getenv("INTEROP_URL"));
        binding.getRequestContext().put(JAXWSProperties.SSL_SOCKET_FACTORY, sockets());
        binding.setOutboundHeaders(Headers.create(SOAPVersion.SOAP_12, element(security)));
        return port;
    }

    private static Element element(String name) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(DATA.resolve(name).toFile()).getDocumentElement();
    }

    private static SSLSocketFactory sockets() throws Exception {
        char[] password = System.getenv("INTEROP_PASSWORD").toCharArray();
        KeyStore own = KeyStore.getInstance("PKCS12");
        try (InputStream file = Files.newInputStream(DATA.resolve("client.p12"))) {
            own.load(file, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, password);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream file = Files.newInputStream(DATA.resolve("ca.pem"))) {
            for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(file)) {
                trusted.setCertificateEntry("ca" + trusted.size(), one);
            }
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context.getSocketFactory();
    }
}
