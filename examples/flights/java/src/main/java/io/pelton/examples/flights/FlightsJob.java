package io.pelton.examples.flights;

import io.pelton.flink.Failure;
import io.pelton.flink.FeatureMapping;
import io.pelton.flink.Pelton;
import io.pelton.flink.Scored;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.filesystem.OutputFileConfig;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.util.OutputTag;

/**
 * Scores every departure with the model that says whether it will arrive late: reads the flights in
 * event-time order, asks the server, writes the predictions to files exactly once. An ordinary
 * Flink job; what it measures is in {@link Measured}.
 *
 * <p>Usage: {@code java -jar flights-job.jar ENDPOINT FLIGHTS_CSV OUTPUT_FOLDER}, where ENDPOINT is
 * {@code host:port} of {@code pelton serve flights.pkl}. Afterwards OUTPUT_FOLDER holds
 *
 * <ul>
 *   <li>{@code predictions/YYYY-MM/part-*.csv}, by month of departure: id, score, model version
 *   <li>{@code failures/part-*.csv}: id, code, message
 *   <li>{@code job.json}: what was measured
 * </ul>
 */
public final class FlightsJob {
    private FlightsJob() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println(
                    "usage: java -jar flights-job.jar ENDPOINT FLIGHTS_CSV OUTPUT_FOLDER");
            System.exit(2);
        }
        run(
                arguments[0],
                Path.of(arguments[1]).toAbsolutePath(),
                Path.of(arguments[2]).toAbsolutePath());
    }

    static void run(String endpoint, Path input, Path output) throws Exception {
        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(1, configuration(output));
        env.getConfig().enableObjectReuse();

        DataStream<Flight> flights =
                env.fromSource(
                                FileSource.forRecordStreamFormat(
                                                new TextLineInputFormat(), path(input))
                                        .build(),
                                WatermarkStrategy.noWatermarks(),
                                "flights.csv")
                        .filter(line -> !line.equals(Flight.HEADER))
                        .map(Flight::parse)
                        .assignTimestampsAndWatermarks(
                                WatermarkStrategy.<Flight>forMonotonousTimestamps()
                                        .withTimestampAssigner((flight, none) -> flight.departedMs))
                        .name("departures");

        DataStream<Flight> entering = flights.map(new Measured.Entering()).name("entering");
        OutputTag<Failure<Flight>> failed = Failure.tag(entering.getType());
        SingleOutputStreamOperator<Scored<Flight>> scored =
                Pelton.score(entering)
                        .endpoints(endpoint)
                        .model("flights")
                        .features(FeatureMapping.pojo(Flight.class))
                        .outputs("predict_proba")
                        .failuresTo(failed)
                        .unordered()
                        .maxBatchRows(256)
                        .timeout(Duration.ofSeconds(30))
                        .apply();

        scored.map(new Measured.Leaving())
                .map(s -> s.input().id + "," + s.score() + "," + s.modelVersion())
                .name("lines")
                .sinkTo(files(output.resolve("predictions"), new ByMonth()))
                .name("predictions");
        scored.getSideOutput(failed)
                .map(new Measured.Failing<>())
                .map(
                        f ->
                                f.input().id
                                        + ","
                                        + f.code()
                                        + ",\""
                                        + f.message().replace("\"", "\"\"")
                                        + "\"")
                .name("failed lines")
                .sinkTo(files(output.resolve("failures"), new ByMonth()))
                .name("failures");

        JobExecutionResult result = env.execute("flights");
        Measured.write(result, output.resolve("job.json"));
    }

    private static Configuration configuration(Path output) {
        Configuration configuration = new Configuration();
        configuration.set(
                CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE,
                CheckpointingMode.EXACTLY_ONCE);
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(1));
        configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        configuration.set(
                CheckpointingOptions.CHECKPOINTS_DIRECTORY,
                output.resolve("checkpoints").toUri().toString());
        // A demo that quietly started over would hide what went wrong.
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        return configuration;
    }

    /** Files that appear under their final names when a checkpoint covers them, and only then. */
    private static FileSink<String> files(Path folder, ByMonth month) {
        return FileSink.forRowFormat(path(folder), new SimpleStringEncoder<String>())
                .withBucketAssigner(month)
                .withRollingPolicy(OnCheckpointRollingPolicy.build())
                .withOutputFileConfig(OutputFileConfig.builder().withPartSuffix(".csv").build())
                .build();
    }

    private static org.apache.flink.core.fs.Path path(Path path) {
        return new org.apache.flink.core.fs.Path(path.toUri());
    }
}
