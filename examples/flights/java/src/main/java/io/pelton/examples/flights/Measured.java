package io.pelton.examples.flights;

import io.pelton.flink.Failure;
import io.pelton.flink.Scored;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.accumulators.Histogram;
import org.apache.flink.api.common.accumulators.LongCounter;
import org.apache.flink.api.common.accumulators.LongMaximum;
import org.apache.flink.api.common.accumulators.LongMinimum;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;

/**
 * What the demo measures, from outside the connector, on every row.
 *
 * <p>A row's latency is the time from when it enters the scoring operator until its result leaves
 * it: the wait for a place in Flink's queue, the wait for a slot, the call, the model, and the way
 * back. The stream is replayed as fast as it is scored, so the queue is always full and the latency
 * is that of a system at its limit.
 */
final class Measured {
    private Measured() {}

    /** Stamps each row on its way in. */
    static final class Entering extends RichMapFunction<Flight, Flight> {
        private static final long serialVersionUID = 1L;

        private transient LongCounter rows;
        private transient LongMinimum first;

        @Override
        public void open(OpenContext context) {
            rows = new LongCounter();
            first = new LongMinimum();
            getRuntimeContext().addAccumulator("rows_in", rows);
            getRuntimeContext().addAccumulator("first_ns", first);
        }

        @Override
        public Flight map(Flight flight) {
            flight.enteredNanos = System.nanoTime();
            rows.add(1L);
            first.add(flight.enteredNanos);
            return flight;
        }
    }

    /** Reads the stamp on the way out. */
    static final class Leaving extends RichMapFunction<Scored<Flight>, Scored<Flight>> {
        private static final long serialVersionUID = 1L;

        private transient LongCounter rows;
        private transient LongMaximum last;
        private transient Histogram latency;

        @Override
        public void open(OpenContext context) {
            rows = new LongCounter();
            last = new LongMaximum();
            latency = new Histogram();
            getRuntimeContext().addAccumulator("predictions", rows);
            getRuntimeContext().addAccumulator("last_ns", last);
            getRuntimeContext().addAccumulator("latency_us", latency);
        }

        @Override
        public Scored<Flight> map(Scored<Flight> scored) {
            long now = System.nanoTime();
            rows.add(1L);
            last.add(now);
            latency.add(bucket((now - scored.input().enteredNanos) / 1000));
            return scored;
        }
    }

    /** Counts the rows without a prediction. */
    static final class Failing<T> extends RichMapFunction<Failure<T>, Failure<T>> {
        private static final long serialVersionUID = 1L;

        private transient LongCounter rows;

        @Override
        public void open(OpenContext context) {
            rows = new LongCounter();
            getRuntimeContext().addAccumulator("failures", rows);
        }

        @Override
        public Failure<T> map(Failure<T> failure) {
            rows.add(1L);
            return failure;
        }
    }

    /**
     * The value with its eight leading binary digits kept, so that a bucket is at most 0.8 % wide.
     */
    static int bucket(long micros) {
        long value = Math.min(Math.max(micros, 0), Integer.MAX_VALUE);
        int shift = Math.max(0, 64 - Long.numberOfLeadingZeros(value) - 8);
        return (int) (value >> shift << shift);
    }

    /**
     * Writes what was measured; {@code latency_us} maps a latency in microseconds to the rows that
     * had it.
     */
    static void write(JobExecutionResult result, Path file) throws IOException {
        long first = result.<Long>getAccumulatorResult("first_ns");
        long last = result.<Long>getAccumulatorResult("last_ns");
        Map<String, Object> measured = new TreeMap<>();
        measured.put("rows_in", result.getAccumulatorResult("rows_in"));
        measured.put("predictions", result.getAccumulatorResult("predictions"));
        measured.put("failures", result.getAccumulatorResult("failures"));
        measured.put("seconds", (last - first) / 1e9);
        measured.put("latency_us", json(result.getAccumulatorResult("latency_us")));
        Files.writeString(file, json(measured) + "\n");
    }

    private static String json(Map<?, ?> entries) {
        StringBuilder json = new StringBuilder("{");
        entries.forEach(
                (key, value) ->
                        json.append(json.length() > 1 ? ", " : "")
                                .append("\"")
                                .append(key)
                                .append("\": ")
                                .append(value));
        return json.append("}").toString();
    }
}
