// TLS, client certificates and tokens against the real server; needs -Dpelton.program,
// -Dpelton.python
// and -Dpelton.models.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.client.PeltonException.Code;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

@EnabledIfSystemProperty(
        named = "pelton.program",
        matches = ".+",
        disabledReason = "-Dpelton.program is not set: make test-java sets it")
@Timeout(120)
class SecureServerIT {
    private static final String TOKEN = "a-token-of-the-tests";

    @TempDir static Path folder;

    private static SelfSigned ours;
    private static SelfSigned known;
    private static SelfSigned stranger;
    private static Process server;
    private static String endpoint;

    @BeforeAll
    static void serve() throws Exception {
        ours = SelfSigned.make(folder, "server", "san=dns:localhost,ip:127.0.0.1");
        known = SelfSigned.make(folder, "client", "san=dns:client");
        stranger = SelfSigned.make(folder, "stranger", "san=dns:client");
        Path tokens = Files.writeString(folder.resolve("tokens"), TOKEN + "\n");
        server =
                new ProcessBuilder(
                                System.getProperty("pelton.program"),
                                "serve",
                                Path.of(System.getProperty("pelton.models"), "iris.pkl").toString(),
                                "--python=" + System.getProperty("pelton.python"),
                                "--grpc-port=0",
                                "--http-port=0",
                                "--tls-cert=" + ours.certificate,
                                "--tls-key=" + ours.key,
                                "--tls-client-ca=" + known.certificate,
                                "--token-file=" + tokens)
                        .redirectError(new File(folder.toFile(), "log"))
                        .start();
        BufferedReader block =
                new BufferedReader(
                        new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8));
        String line = block.readLine();
        while (line != null && !line.startsWith("grpc  ")) {
            line = block.readLine();
        }
        assertThat(line).as(Files.readString(folder.resolve("log"))).isNotNull();
        endpoint = line.substring("grpc  ".length());
    }

    @AfterAll
    static void stop() throws Exception {
        server.destroy();
        assertThat(server.waitFor()).isZero();
    }

    @Test
    void answersAClientWithCertificateAndToken() {
        try (PeltonClient client = builder(known).bearerToken(TOKEN).build()) {
            assertThat(client.serverReady().join()).isTrue();
            assertThat(client.metadata("iris").join().name()).isEqualTo("iris");
        }
    }

    @Test
    void tellsAClientWithoutAValidTokenThatItIsNotAuthenticated() {
        try (PeltonClient without = builder(known).build();
                PeltonClient wrong = builder(known).bearerToken(TOKEN + "x").build()) {
            assertThat(without.serverReady().join()).as("health is open").isTrue();
            for (PeltonClient client : new PeltonClient[] {without, wrong}) {
                PeltonException failure = Failures.of(client.metadata("iris"));
                assertThat(failure.code()).isEqualTo(Code.UNAUTHENTICATED);
                assertThat(failure.code().isRetryable()).isFalse();
            }
        }
    }

    @Test
    void letsNobodyInWhoIsUnknown() {
        try (PeltonClient without = builder(null).bearerToken(TOKEN).build();
                PeltonClient other = builder(stranger).bearerToken(TOKEN).build();
                PeltonClient plain =
                        PeltonClient.builder()
                                .endpoints(endpoint)
                                .retry(RetryPolicy.none())
                                .plaintext()
                                .build()) {
            for (PeltonClient client : new PeltonClient[] {without, other}) {
                assertThat(Failures.of(client.serverReady()).code()).isEqualTo(Code.UNAVAILABLE);
            }
            // It sees an alert of TLS, which is no HTTP/2, or the connection's end.
            assertThat(Failures.of(plain.serverReady()).code())
                    .isIn(Code.INTERNAL, Code.UNAVAILABLE);
        }
    }

    private static PeltonClient.Builder builder(SelfSigned identity) {
        PeltonClient.Builder builder =
                PeltonClient.builder()
                        .endpoints(endpoint)
                        .retry(RetryPolicy.none())
                        .tls(ours.certificate);
        return identity == null
                ? builder
                : builder.clientCertificate(identity.certificate, identity.key);
    }
}
