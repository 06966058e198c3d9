package io.pelton.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.flink.FakeModelServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The one jar, built once, in a whole job on every Flink it is for. */
class SmokeJobIT {
    @Test
    void runsOnTheFlinkItIsBuiltWith() throws Exception {
        String version = System.getProperty("flink.version", "");
        assertThat(run(UberJar.flink())).contains("flink " + version);
    }

    @Test
    void runsOnTheNewestFlink() throws Exception {
        assertThat(run(UberJar.newerFlink())).contains("flink 2.3.0");
    }

    private static String run(List<Path> flink) throws Exception {
        // without flink-table: a job that scores no RowData must not need it
        List<Path> classpath =
                flink.stream()
                        .filter(jar -> !jar.getFileName().toString().contains("flink-table"))
                        .collect(Collectors.toCollection(ArrayList::new));
        classpath.add(UberJar.path());
        classpath.add(UberJar.testClasses());
        try (FakeModelServer server = FakeModelServer.columns("x:FP64", "y:INT64")) {
            String printed = Fork.run(classpath, SmokeJob.class, server.endpoint());
            assertThat(printed)
                    .contains("rows 10000 sum " + (10_000 * 0.5 + 10_000 * 10_001 / 2.0))
                    .contains("minimal 3.0")
                    .contains("done");
            assertThat(server.batchRows.size()).isLessThan(10_000);
            return printed;
        }
    }
}
