// What waits is held in about as many bytes as it has.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class RowQueueTest {
    @Test
    void wideRowsAreGivenNoRoomForRowsThatTheirBatchCannotTake() throws Exception {
        RowSchema wide = RowSchema.matrix("input", DataType.FP64, 1 << 17);
        RowQueue queue =
                new RowQueue(new MicroBatcher.Builder(null, "m").schema(wide).maxBatchRows(512));
        RowScratch row = new RowScratch(wide);
        row.write(cells -> cells.setDoubles(new double[1 << 17]));
        for (int i = 0; i < 3; i++) {
            assertThat(queue.add(row, new CompletableFuture<>(), 0)).isNull();
        }
        for (int i = 0; i < 3; i++) {
            RowBuffers batch = queue.poll(0).rows();
            assertThat(batch.rows()).isEqualTo(1);
            assertThat(batch.roomBytes()).isEqualTo(batch.byteSize());
        }
    }
}
