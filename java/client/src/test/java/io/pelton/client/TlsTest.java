// TLS and mutual TLS, against a server of grpc-java's; SecureServerIT has the same against ours.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import io.pelton.client.PeltonException.Code;
import java.nio.file.Path;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class TlsTest {
    @TempDir static Path folder;

    private static Path serverCertificate;
    private static Path serverKey;
    private static Path clientCertificate;
    private static Path clientKey;

    @BeforeAll
    static void makeCertificates() throws Exception {
        SelfSigned server = SelfSigned.make(folder, "server", "san=dns:localhost,ip:127.0.0.1");
        SelfSigned client = SelfSigned.make(folder, "client", "san=dns:client");
        serverCertificate = server.certificate;
        serverKey = server.key;
        clientCertificate = client.certificate;
        clientKey = client.key;
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
        return PeltonClient.builder()
                .endpoints(endpoint)
                .callTimeout(Duration.ofSeconds(50))
                .retry(RetryPolicy.none());
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
}
