package io.pelton.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchJobTest {
    @TempDir Path folder;

    @Test
    void measuresTheRowsAfterTheWarmUpAndNoOthers() throws Exception {
        Path cases = Files.write(folder.resolve("cases.csv"), List.of("1.0,0.5,2.5", "0.0,1,2"));
        Path output = folder.resolve("out.json");
        BenchJob.main(
                new String[] {
                    "ceiling", "-", "0", "50", "200", cases.toString(), output.toString()
                });
        assertThat(Files.readString(output))
                .contains("\"rows\": 200", "\"warm_up_rows\": 50", "\"wrong\": 0")
                .contains("\"server_cpu_s_per_million\": 0.000");
    }

    @Test
    void anAnswerIsRightOnlyIfItIsItsRows() throws IOException {
        Path file = Files.write(folder.resolve("cases.csv"), List.of("1.0,0.5,2.5", "2.0,1,2"));
        Cases cases = Cases.read(file);
        assertThat(cases.columns()).isEqualTo(2);
        assertThat(cases.features(1)).containsExactly(1, 2);
        assertThat(cases.isRight(new Answer(new Item(1, 0, null), 2))).isTrue();
        assertThat(cases.isRight(new Answer(new Item(0, 0, null), 2))).isFalse();
        assertThat(cases.isRight(new Answer(new Item(0, 0, null), Double.NaN))).isFalse();
    }

    @Test
    void noRowsAreAMistake() throws IOException {
        Path empty = Files.createFile(folder.resolve("empty.csv"));
        assertThatThrownBy(() -> Cases.read(empty)).hasMessageContaining("has no rows");
    }
}
