// TLS and mutual TLS, with certificates made on the spot by the JDK's keytool.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.pelton.client.PeltonException.Code;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TlsTest {
    private static final char[] PASSWORD = "password".toCharArray();

    @TempDir static Path folder;

    private static Path serverCertificate;
    private static Path serverKey;
    private static Path clientCertificate;
    private static Path clientKey;

    @BeforeAll
    static void makeCertificates() throws Exception {
        serverCertificate = folder.resolve("server.pem");
        serverKey = folder.resolve("server.key");
        clientCertificate = folder.resolve("client.pem");
        clientKey = folder.resolve("client.key");
        make("server", "san=dns:localhost,ip:127.0.0.1", serverCertificate, serverKey);
        make("client", "san=dns:client", clientCertificate, clientKey);
    }

    @Test
    void talksToAServerItTrusts() throws Exception {
        try (FakeServer server = server(ClientAuth.NONE);
                PeltonClient byAddress = builder(server.endpoint()).tls(serverCertificate).build();
                PeltonClient byName =
                        builder("localhost:" + server.port()).tls(serverCertificate).build()) {
            assertThat(byAddress.serverReady().join()).isTrue();
            assertThat(byName.serverReady().join()).isTrue();
        }
    }

    @Test
    void refusesAServerItDoesNotTrust() throws Exception {
        try (FakeServer server = server(ClientAuth.NONE);
                PeltonClient otherCa = builder(server.endpoint()).tls(clientCertificate).build();
                PeltonClient jvmsCas = builder(server.endpoint()).tls().build();
                PeltonClient otherName =
                        builder(server.endpoint())
                                .tls(serverCertificate)
                                .serverName("models.example")
                                .build();
                PeltonClient plain = builder(server.endpoint()).plaintext().build()) {
            for (PeltonClient client : new PeltonClient[] {otherCa, jvmsCas, otherName, plain}) {
                assertThat(Failures.of(client.serverReady()).code()).isEqualTo(Code.UNAVAILABLE);
            }
        }
    }

    @Test
    void goesByTheNameItIsTold() throws Exception {
        try (FakeServer server = server(ClientAuth.NONE);
                PeltonClient client =
                        builder(server.endpoint())
                                .tls(serverCertificate)
                                .serverName("localhost")
                                .build()) {
            assertThat(client.serverReady().join()).isTrue();
        }
    }

    @Test
    void showsItsCertificateWhereAskedFor() throws Exception {
        try (FakeServer server = server(ClientAuth.REQUIRE);
                PeltonClient with =
                        builder(server.endpoint())
                                .tls(serverCertificate)
                                .clientCertificate(clientCertificate, clientKey)
                                .build();
                PeltonClient without = builder(server.endpoint()).tls(serverCertificate).build()) {
            assertThat(with.serverReady().join()).isTrue();
            assertThat(Failures.of(without.serverReady()).code()).isEqualTo(Code.UNAVAILABLE);
        }
    }

    @Test
    void namesAFileItCannotRead() {
        Path nowhere = folder.resolve("nowhere.pem");
        assertThatThrownBy(() -> builder("localhost:1").tls(nowhere).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("cannot read the certificate file " + nowhere);
        assertThatThrownBy(() -> builder("localhost:1").tls(serverKey).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(serverKey.toString());
    }

    private static PeltonClient.Builder builder(String endpoint) {
        return PeltonClient.builder().endpoints(endpoint).retry(RetryPolicy.none());
    }

    private static FakeServer server(ClientAuth auth) throws SSLException {
        SslContext ssl =
                GrpcSslContexts.configure(
                                SslContextBuilder.forServer(
                                        serverCertificate.toFile(), serverKey.toFile()))
                        .trustManager(clientCertificate.toFile())
                        .clientAuth(auth)
                        .build();
        return new FakeServer(FakeModels.sum(), 0, builder -> builder.sslContext(ssl));
    }

    private static void make(String name, String san, Path certificate, Path key) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                name,
                                "-keyalg",
                                "EC",
                                "-groupname",
                                "secp256r1",
                                "-dname",
                                "CN=" + name,
                                "-ext",
                                san,
                                "-validity",
                                "2",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                store.toString(),
                                "-storepass",
                                new String(PASSWORD))
                        .redirectErrorStream(true)
                        .start();
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        keytool.getInputStream().transferTo(said);
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).as(said.toString()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        Key secret = keys.getKey(name, PASSWORD);
        pem(certificate, "CERTIFICATE", keys.getCertificate(name).getEncoded());
        pem(key, "PRIVATE KEY", secret.getEncoded());
    }

    private static void pem(Path file, String kind, byte[] bytes) throws Exception {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        Files.writeString(
                file, "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
    }
}
