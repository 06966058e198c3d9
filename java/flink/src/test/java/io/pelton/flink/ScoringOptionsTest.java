package io.pelton.flink;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.client.DataType;
import io.pelton.client.MicroBatcher;
import io.pelton.client.PeltonClient;
import io.pelton.client.RowSchema;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What becomes of options at their bounds. */
class ScoringOptionsTest {
    @Test
    void theLargestCapacityThereIsCanBeHad() {
        ScoringOptions options = new ScoringOptions();
        options.endpoints = List.of("127.0.0.1:1");
        options.model = "m";
        options.capacity = Integer.MAX_VALUE;
        try (PeltonClient client = options.newClient();
                MicroBatcher batcher =
                        options.newBatcher(client, RowSchema.matrix("input", DataType.FP64, 1))
                                .build()) {
            assertThat(batcher.whenCapacity()).isCompleted();
        }
    }
}
