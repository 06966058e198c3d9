package io.pelton.flink;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.legacy.RichSourceFunction;

/**
 * Emits the numbers from 0 on in two stages: {@code first} of them, then nothing until a checkpoint
 * taken after the last of them is complete; there it fails the job once, and after the restore goes
 * on to {@code count}. So the job dies with exactly {@code first} rows on their way, all of them in
 * a checkpoint.
 */
final class StagedSource extends RichSourceFunction<Long>
        implements CheckpointedFunction, CheckpointListener {
    private static final long serialVersionUID = 1L;
    private static final Map<String, StagedSource.Progress> RUNS = new ConcurrentHashMap<>();

    private final String run;
    private final long first;
    private final long count;
    private transient ListState<Long> nextState;
    private transient volatile boolean cancelled;
    private long next;
    private volatile boolean restored;
    private volatile long checkpointAfterFirst = Long.MAX_VALUE;
    private volatile boolean checkpointed;

    StagedSource(String run, long first, long count) {
        this.run = run;
        this.first = first;
        this.count = count;
        RUNS.put(run, new Progress());
    }

    /** What a test waits for. */
    static final class Progress {
        final CountDownLatch restored = new CountDownLatch(1);
    }

    static Progress progress(String run) {
        return RUNS.get(run);
    }

    @Override
    public void run(SourceContext<Long> context) throws Exception {
        while (!cancelled && next < (restored ? count : first)) {
            synchronized (context.getCheckpointLock()) {
                context.collect(next++);
            }
        }
        while (!cancelled && !restored) {
            synchronized (this) {
                if (checkpointed) {
                    throw new IllegalStateException("the job dies here, on purpose");
                }
                wait(1000);
            }
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        nextState.update(List.of(next));
        if (next == first && checkpointAfterFirst == Long.MAX_VALUE) {
            checkpointAfterFirst = context.getCheckpointId();
        }
    }

    @Override
    public synchronized void notifyCheckpointComplete(long checkpointId) {
        if (checkpointId >= checkpointAfterFirst) {
            checkpointed = true;
            notifyAll();
        }
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        nextState =
                context.getOperatorStateStore()
                        .getListState(new ListStateDescriptor<>("next", Types.LONG));
        restored = context.isRestored();
        for (long value : nextState.get()) {
            next = value;
        }
        if (restored) {
            RUNS.get(run).restored.countDown();
        }
    }
}
