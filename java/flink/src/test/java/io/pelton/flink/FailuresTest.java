package io.pelton.flink;

import static io.pelton.flink.ScoringTest.collect;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Either;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.ExceptionUtils;
import org.apache.flink.util.OutputTag;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows, servers and configurations at fault, under every policy. */
class FailuresTest {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private static final AtomicInteger OPENED = new AtomicInteger();

    private FakeModelServer server;

    @BeforeEach
    void start() {
        server = FakeModelServer.columns("value:FP64", "text:BYTES");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** Rows 0 to 999, of which 13 makes the model raise and 500 cannot be written. */
    private Scoring<Long> scoring(StreamExecutionEnvironment env) {
        return scoring(env, 999);
    }

    private Scoring<Long> scoring(StreamExecutionEnvironment env, long lastRow) {
        return Pelton.score(env.fromSequence(0, lastRow))
                .endpoints(server.endpoint())
                .model("m")
                .features(
                        FeatureMapping.<Long>builder()
                                .number("value", row -> row == 13 ? FakeModelServer.POISON : row)
                                .any("text", row -> row == 500 ? (Object) 5 : "")
                                .build());
    }

    @Test
    void badRowsFailAloneToTheSideOutput() throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        List<Either<Failure<Long>, Long>> outcomes =
                outcomes(
                        scoring(env).failures(FailurePolicy.SIDE_OUTPUT).apply(),
                        Failure.tag(Types.LONG));

        List<Failure<Long>> failures = lefts(outcomes);
        assertThat(failures).extracting(Failure::input).containsExactlyInAnyOrder(13L, 500L);
        assertThat(failures).allMatch(failure -> failure.code().equals("INVALID_ARGUMENT"));
        assertThat(failures).allMatch(failure -> failure.model().equals("m"));
        assertThat(failures)
                .extracting(Failure::message)
                .anyMatch(message -> message.contains("ValueError: poison"))
                .anyMatch(
                        message ->
                                message.contains(
                                        "column 'text' takes BYTES, the row has 5 of Integer"));
        List<Long> expected = ScoringTest.range(1000);
        expected.removeAll(List.of(13L, 500L));
        assertThat(rights(outcomes)).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void failuresToNamesTheTagAndWorksWithMap() throws Exception {
        StreamExecutionEnvironment env = Cluster.environment();
        OutputTag<Failure<Long>> tag = Failure.tag("mine", Types.LONG);
        SingleOutputStreamOperator<String> texts =
                scoring(env)
                        .failuresTo(tag)
                        .ordered()
                        .map((row, answer) -> row + "=" + answer.getDouble("predict"));
        List<Failure<Long>> failures = new ArrayList<>();
        try (CloseableIterator<Failure<Long>> rows = texts.getSideOutput(tag).executeAndCollect()) {
            rows.forEachRemaining(failures::add);
        }
        assertThat(failures).extracting(Failure::input).containsExactly(13L, 500L);
    }

    @Test
    void dropLeavesTheRowsOut() throws Exception {
        List<Scored<Long>> scored =
                collect(scoring(Cluster.environment()).failures(FailurePolicy.DROP).apply());
        assertThat(scored).hasSize(998).extracting(Scored::input).doesNotContain(13L, 500L);
    }

    @Test
    void failNamesModelCodeAndInput() {
        // endless, for Flink names another cause if the task fails while its source is ending
        assertThatThrownBy(
                        () ->
                                collect(
                                        scoring(Cluster.environment(), Long.MAX_VALUE - 1)
                                                .ordered()
                                                .apply()))
                .satisfies(
                        thrown -> {
                            String all = ExceptionUtils.stringifyException(thrown);
                            assertThat(all)
                                    .contains("model 'm' gave no prediction: INVALID_ARGUMENT: ");
                            assertThat(all).containsAnyOf("(input: 13)", "(input: 500)");
                        });
    }

    @ParameterizedTest
    @EnumSource(FailurePolicy.class)
    void timeoutsFollowThePolicy(FailurePolicy policy) throws Exception {
        server.hold();
        StreamExecutionEnvironment env = Cluster.environment();
        SingleOutputStreamOperator<Scored<Long>> scored =
                Pelton.score(env.fromSequence(0, 9))
                        .endpoints(server.endpoint())
                        .model("m")
                        .features(texts())
                        .timeout(Duration.ofMillis(200))
                        .failures(policy)
                        .apply();
        if (policy == FailurePolicy.FAIL) {
            assertThatThrownBy(() -> collect(scored))
                    .satisfies(
                            thrown ->
                                    assertThat(ExceptionUtils.stringifyException(thrown))
                                            .contains("DEADLINE_EXCEEDED"));
        } else if (policy == FailurePolicy.DROP) {
            assertThat(collect(scored)).isEmpty();
        } else {
            List<Failure<Long>> failures = lefts(outcomes(scored, Failure.tag(Types.LONG)));
            assertThat(failures)
                    .hasSize(10)
                    .allMatch(failure -> failure.code().equals("DEADLINE_EXCEEDED"));
        }
    }

    @Test
    void aMismatchNamesEveryColumnAndIsNotTriedAgain() {
        OPENED.set(0);
        StreamExecutionEnvironment env = restarting();
        FeatureMapping<Long> wrong =
                FeatureMapping.<Long>builder()
                        .number("text", row -> row)
                        .number("surplus", row -> row)
                        .build();
        FeatureMapping<Long> counted =
                model -> {
                    OPENED.incrementAndGet();
                    return wrong.bind(model);
                };
        assertThatThrownBy(
                        () ->
                                collect(
                                        Pelton.score(env.fromSequence(0, 9))
                                                .endpoints(server.endpoint())
                                                .model("m")
                                                .features(counted)
                                                .outputs("nope")
                                                .apply()))
                .satisfies(
                        thrown ->
                                assertThat(ExceptionUtils.stringifyException(thrown))
                                        .contains("column 'value' (FP64) is missing")
                                        .contains(
                                                "column 'text' takes BYTES, the feature is number")
                                        .contains("feature 'surplus' is no column of the model"));
        assertThat(OPENED).hasValue(1);
        assertThat(server.metadataCalls).hasValue(1);
    }

    @Test
    void anUnknownOutputIsNamed() {
        assertThatThrownBy(() -> collect(scoring(restarting()).outputs("predict", "nope").apply()))
                .satisfies(
                        thrown ->
                                assertThat(ExceptionUtils.stringifyException(thrown))
                                        .contains(
                                                "there is no output 'nope', the model gives predict, predict_proba"));
    }

    @Test
    void anUnknownModelIsNamed() {
        assertThatThrownBy(() -> collect(scoring(Cluster.environment()).model("other").apply()))
                .satisfies(
                        thrown ->
                                assertThat(ExceptionUtils.stringifyException(thrown))
                                        .contains(
                                                "model 'other' is not to be had at ["
                                                        + server.endpoint()
                                                        + "]: NOT_FOUND"));
    }

    @Test
    void aServerThatIsNotThereFailsTheOpeningInBoundedTime() {
        String endpoint = server.endpoint();
        server.stop();
        assertThatThrownBy(
                        () ->
                                collect(
                                        scoring(Cluster.environment())
                                                .openTimeout(Duration.ofMillis(700))
                                                .apply()))
                .satisfies(
                        thrown ->
                                assertThat(ExceptionUtils.stringifyException(thrown))
                                        .contains(
                                                "model 'm' is not to be had at [" + endpoint + "]")
                                        .contains("is the server up"));
    }

    @Test
    void aJobThatStartsBeforeItsServerWaitsForIt() throws Exception {
        server.stop();
        ServerSocket notYet = new ServerSocket();
        notYet.setReuseAddress(true);
        notYet.bind(
                new InetSocketAddress(
                        "127.0.0.1", Integer.parseInt(server.endpoint().split(":")[1])));
        CompletableFuture<Void> later =
                CompletableFuture.runAsync(
                        () -> {
                            try (notYet) {
                                notYet.accept().close();
                            } catch (IOException failed) {
                                throw new UncheckedIOException(failed);
                            }
                            server.start();
                        });
        assertThat(collect(scoring(Cluster.environment()).failures(FailurePolicy.DROP).apply()))
                .hasSize(998);
        later.join();
    }

    @Test
    void aMappingThatThrowsFailsTheJobWhateverThePolicy() {
        // endless, for Flink names another cause if the task fails while its source is ending
        assertThatThrownBy(
                        () ->
                                collect(
                                        scoring(Cluster.environment(), Long.MAX_VALUE - 1)
                                                .failures(FailurePolicy.DROP)
                                                .map(
                                                        (row, answer) -> {
                                                            throw new IllegalStateException("mine");
                                                        },
                                                        Types.LONG)))
                .satisfies(
                        thrown ->
                                assertThat(ExceptionUtils.stringifyException(thrown))
                                        .contains("mine"));
    }

    @Test
    void whatIsMissingIsSaidWhenTheJobIsPutTogether() {
        DataStream<Long> rows = Cluster.environment().fromSequence(0, 1);
        assertThatThrownBy(() -> Pelton.score(rows).apply())
                .hasMessageContaining("no endpoints given");
        assertThatThrownBy(() -> Pelton.score(rows).endpoints("h:1").apply())
                .hasMessageContaining("no model given");
        assertThatThrownBy(() -> Pelton.score(rows).endpoints("h:1").model("m").apply())
                .hasMessageContaining("no features given");
        assertThatThrownBy(
                        () ->
                                Pelton.score(rows)
                                        .endpoints("no-port")
                                        .model("m")
                                        .features(texts())
                                        .apply())
                .hasMessageContaining("no-port");
        assertThatThrownBy(() -> Pelton.score(rows).maxBatchRows(0))
                .hasMessageContaining("maxBatchRows");
        assertThatThrownBy(() -> Pelton.score(rows).timeout(Duration.ZERO))
                .hasMessageContaining("timeout");
    }

    private static FeatureMapping<Long> texts() {
        return FeatureMapping.<Long>builder()
                .number("value", row -> row)
                .text("text", row -> "")
                .build();
    }

    private static StreamExecutionEnvironment restarting() {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.attempts", "5");
        configuration.setString("restart-strategy.fixed-delay.delay", "1 ms");
        return Cluster.environment(configuration);
    }

    private static List<Either<Failure<Long>, Long>> outcomes(
            SingleOutputStreamOperator<Scored<Long>> scored, OutputTag<Failure<Long>> tag)
            throws Exception {
        TypeInformation<Either<Failure<Long>, Long>> type =
                new org.apache.flink.api.java.typeutils.EitherTypeInfo<>(
                        new FailureTypeInfo<>(Types.LONG), Types.LONG);
        DataStream<Either<Failure<Long>, Long>> failures =
                scored.getSideOutput(tag)
                        .map(failure -> Either.<Failure<Long>, Long>Left(failure))
                        .returns(type);
        return collect(
                scored.map(row -> Either.<Failure<Long>, Long>Right(row.input()))
                        .returns(type)
                        .union(failures));
    }

    private static List<Failure<Long>> lefts(List<Either<Failure<Long>, Long>> all) {
        return all.stream().filter(Either::isLeft).map(Either::left).collect(Collectors.toList());
    }

    private static List<Long> rights(List<Either<Failure<Long>, Long>> all) {
        return all.stream().filter(Either::isRight).map(Either::right).collect(Collectors.toList());
    }
}
