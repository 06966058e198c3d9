package io.pelton.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.flink.FakeModelServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The uber jar in a program that brings another gRPC and protobuf, whichever comes first on the
 * class path.
 */
class BesideOlderGrpcIT {
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bothScoreInOneJvm(boolean uberJarFirst) throws Exception {
        List<Path> classpath = new ArrayList<>(UberJar.olderGrpc());
        classpath.add(uberJarFirst ? 0 : classpath.size(), UberJar.path());
        classpath.add(UberJar.testClasses());
        classpath.add(slf4j());
        try (FakeModelServer server = FakeModelServer.matrix(2)) {
            String printed =
                    Fork.run(
                            classpath,
                            BesideOlderGrpc.class,
                            server.endpoint(),
                            UberJar.shadedPackage());

            assertThat(printed)
                    .contains("own grpc 1.60.0")
                    .contains("own protobuf is new: false")
                    .contains("own message true")
                    .contains("own call 3.5")
                    .contains("pelton call 3.5")
                    .contains("pelton minimal 3.5")
                    .contains("own epoll true null")
                    // a library under a wrong name would be missed in silence, and the slow
                    // transport taken
                    .contains("pelton epoll true null")
                    .contains("pelton openssl true null")
                    .contains("done");
        }
    }

    private static Path slf4j() {
        return UberJar.flink().stream()
                .filter(jar -> jar.getFileName().toString().startsWith("slf4j-api"))
                .findFirst()
                .orElseThrow();
    }
}
