package io.pelton.bench;

import java.io.IOException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Hands every answer to the {@link Meter}, with whether it is right. */
final class MeteringSink implements Sink<Answer> {
    private static final long serialVersionUID = 1L;

    private final Cases cases;
    private final boolean compares;

    /**
     * @param compares whether there is something to compare, which the ceiling has not
     */
    MeteringSink(Cases cases, boolean compares) {
        this.cases = cases;
        this.compares = compares;
    }

    @Override
    public SinkWriter<Answer> createWriter(WriterInitContext context) {
        return new SinkWriter<>() {
            @Override
            public void write(Answer answer, Context none) throws IOException {
                Meter.arrived(answer.enteredNanos, !compares || cases.isRight(answer));
            }

            @Override
            public void flush(boolean endOfInput) {}

            @Override
            public void close() {}
        };
    }
}
