package io.pelton.flink;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The task's thread stays free while a server does not answer. */
class MailboxTest {
    @RegisterExtension static final MiniClusterExtension CLUSTER = Cluster.extension();

    private static final int CAPACITY = 100;
    private static CountDownLatch timerFired;
    private static volatile Thread timerThread;
    private static volatile Thread scoringThread;

    @Test
    void aFullQueueIsTakenInAndTimersStillFire() throws Exception {
        timerFired = new CountDownLatch(1);
        try (FakeModelServer server = FakeModelServer.matrix(1)) {
            server.hold();
            StreamExecutionEnvironment env = Cluster.environment();
            DataStream<Long> rows =
                    env.fromSequence(1, CAPACITY)
                            .transform("timer", Types.LONG, new TimerAfterTheLastRow());
            Pelton.score(rows)
                    .endpoints(server.endpoint())
                    .model("m")
                    .features(
                            FeatureMapping.<Long>builder()
                                    .number("value", MailboxTest::read)
                                    .build())
                    // one more for the watermark at the end, which takes a place, too: waiting for
                    // it, the scoring step lets no timer of an operator before it fire
                    .capacity(CAPACITY + 1)
                    .maxBatchRows(10)
                    .apply()
                    .sinkTo(new DiscardingSink<>());
            JobClient job = env.executeAsync();

            // if one asyncInvoke waited for its answer, the last row would never be taken in
            assertThat(timerFired.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(timerThread).isSameAs(scoringThread);
            assertThat(server.rows.get()).isLessThan(CAPACITY);
            server.release();
            job.getJobExecutionResult().get(60, TimeUnit.SECONDS);
            assertThat(server.rows.get()).isEqualTo(CAPACITY);
        }
    }

    private static Long read(Long row) {
        scoringThread = Thread.currentThread();
        return row;
    }

    /**
     * In the same chain, so on the same thread: hands the rows on, and after the last one asks for
     * a timer.
     */
    private static final class TimerAfterTheLastRow extends AbstractStreamOperator<Long>
            implements OneInputStreamOperator<Long, Long>, BoundedOneInput {
        private static final long serialVersionUID = 1L;

        /** The end of the input would cancel the timer: it must have fired before. */
        @Override
        public void endInput() throws Exception {
            while (timerFired.getCount() > 0) {
                getContainingTask().getMailboxExecutorFactory().createExecutor(0).yield();
            }
        }

        @Override
        public void processElement(StreamRecord<Long> row) {
            output.collect(row);
            if (row.getValue() == CAPACITY) {
                getProcessingTimeService()
                        .registerTimer(
                                getProcessingTimeService().getCurrentProcessingTime() + 1,
                                at -> {
                                    timerThread = Thread.currentThread();
                                    timerFired.countDown();
                                });
            }
        }
    }
}
