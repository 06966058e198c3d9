package io.pelton.flink;

import static io.pelton.flink.ScoringTest.collect;
import static io.pelton.flink.ScoringTest.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.types.Either;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Whole jobs against a real server with the models of {@code tests/models}. */
@EnabledIfSystemProperty(
        named = "pelton.endpoint",
        matches = ".+",
        disabledReason = "-Dpelton.endpoint is not set: make test-java sets it")
@Timeout(300)
class RealServerIT {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private static final String[] CITIES = {"Bergen", "Oslo", "Tromsø", null};

    /** As a user writes it. */
    public static class Passenger {
        public long id;
        public Double age;
        public String city;

        public Passenger() {}

        Passenger(long id) {
            this.id = id;
            this.age = id % 5 == 0 ? null : 20.0 + id % 61;
            this.city = CITIES[(int) (id % 4)];
        }
    }

    /** A passenger without a city, whose age is a text. */
    public static class Stranger {
        public String age = "old";

        public Stranger() {}
    }

    @Test
    void pojosWithMissingValuesGetTheAnswerTheyGetAlone() throws Exception {
        List<Scored<Passenger>> together = collect(passengers(4_000, 512));
        List<Scored<Passenger>> alone = collect(passengers(40, 1));

        assertThat(together)
                .extracting(scored -> scored.input().id)
                .containsExactlyElementsOf(range(4_000));
        assertThat(together)
                .allSatisfy(
                        scored -> {
                            Scored<Passenger> same = alone.get((int) (scored.input().id % 20));
                            assertThat(scored.doubles("predict_proba")).hasSize(2);
                            if ("Tromsø".equals(scored.input().city)) {
                                assertThat(scored.label()).isEqualTo("ferry");
                            }
                            if (scored.input().id < 20) {
                                assertThat(scored.score()).isEqualTo(same.score());
                            }
                        });
        assertThat(together).extracting(Scored::label).contains("ferry", "train");
        assertThat(together).extracting(Scored::modelName).containsOnly("mixed");
    }

    private static DataStream<Scored<Passenger>> passengers(int count, int batchRows) {
        DataStream<Passenger> passengers =
                Cluster.environment()
                        .fromSequence(0, count - 1)
                        .map(Passenger::new)
                        .returns(Passenger.class);
        return Pelton.score(passengers)
                .endpoints(System.getProperty("pelton.endpoint"))
                .model("mixed")
                .features(FeatureMapping.pojo(Passenger.class))
                .outputs("predict", "predict_proba")
                .maxBatchRows(batchRows)
                .ordered()
                .apply();
    }

    @Test
    void poisonRowsLeaveAloneByTheSide() throws Exception {
        DataStream<Long> rows = Cluster.environment().fromSequence(0, 2_999);
        List<Either<Failure<Long>, Scored<Long>>> all =
                outcomes(fussy(rows, 100).failures(FailurePolicy.SIDE_OUTPUT).apply());

        List<Failure<Long>> failures =
                all.stream().filter(Either::isLeft).map(Either::left).collect(Collectors.toList());
        assertThat(failures).hasSize(60);
        assertThat(failures)
                .allSatisfy(
                        failure -> {
                            boolean refused = failure.input() % 100 == 13;
                            assertThat(failure.input() % 100).isIn(13L, 14L);
                            assertThat(failure.code())
                                    .isEqualTo(refused ? "INVALID_ARGUMENT" : "INTERNAL");
                            assertThat(failure.message())
                                    .contains(refused ? "13 is unlucky" : "tripped over 14");
                        });
        assertThat(all.stream().filter(Either::isRight).map(Either::right))
                .hasSize(2_940)
                .allMatch(scored -> scored.number("y") == 2.0 * (scored.input() % 100));
    }

    @Test
    void aPoisonRowFailsTheJobByDefaultAndIsNamed() {
        // endless, for Flink names another cause if the task fails while its source is ending
        DataStream<Long> rows = Cluster.environment().fromSequence(0, Long.MAX_VALUE - 1);
        assertThatThrownBy(() -> collect(fussy(rows, 14).apply()))
                .hasStackTraceContaining("13 is unlucky")
                .hasStackTraceContaining("model 'fussy' gave no prediction: INVALID_ARGUMENT");
    }

    @Test
    void everyWrongColumnIsNamedAndNothingIsTriedAgain() {
        Configuration restarting = new Configuration();
        restarting.setString("restart-strategy.type", "fixed-delay");
        restarting.setString("restart-strategy.fixed-delay.attempts", "1000000");
        restarting.setString("restart-strategy.fixed-delay.delay", "1 ms");
        StreamExecutionEnvironment env = Cluster.environment(restarting);
        DataStream<Stranger> rows = env.fromData(new Stranger());
        assertThatThrownBy(
                        () ->
                                collect(
                                        Pelton.score(rows)
                                                .endpoints(System.getProperty("pelton.endpoint"))
                                                .model("mixed")
                                                .features(FeatureMapping.pojo(Stranger.class))
                                                .outputs("predict", "nothing")
                                                .apply()))
                .hasStackTraceContaining("column 'city' (BYTES) is missing")
                .hasStackTraceContaining("column 'age' takes FP64, the feature is String");
    }

    /** Feeds the model the numbers from 0 to {@code modulus} again and again. */
    private static Scoring<Long> fussy(DataStream<Long> rows, long modulus) {
        return Pelton.score(rows)
                .endpoints(System.getProperty("pelton.endpoint"))
                .model("fussy")
                .features(FeatureMapping.<Long>builder().number("x", row -> row % modulus).build());
    }

    /** Results and failures in one stream, so that one job tells both. */
    static List<Either<Failure<Long>, Scored<Long>>> outcomes(
            SingleOutputStreamOperator<Scored<Long>> scored) throws Exception {
        TypeInformation<Either<Failure<Long>, Scored<Long>>> either =
                new EitherTypeInfo<>(
                        new FailureTypeInfo<>(Types.LONG), new ScoredTypeInfo<>(Types.LONG));
        DataStream<Either<Failure<Long>, Scored<Long>>> failures =
                scored.getSideOutput(Failure.tag(Types.LONG))
                        .map(Either::<Failure<Long>, Scored<Long>>Left)
                        .returns(either);
        DataStream<Either<Failure<Long>, Scored<Long>>> results =
                scored.map(Either::<Failure<Long>, Scored<Long>>Right).returns(either);
        return collect(results.union(failures));
    }
}
