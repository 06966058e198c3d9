// Runs one step again and again on one thread at a time, without a lock and without recursion.
package io.pelton.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Several threads ask for the loop; one runs it, the others leave at once. What happens inside the
 * step but must not hold the loop up (callers' code above all) is put off until the loop has been
 * left. Neither a step nor a task that throws takes others along.
 */
final class DispatchLoop {
    private static final Logger LOG = LoggerFactory.getLogger(DispatchLoop.class);

    private final BooleanSupplier step;
    private final AtomicInteger requests = new AtomicInteger();
    private volatile Thread runner;

    /** Of the runner alone. */
    private final List<Runnable> putOff = new ArrayList<>();

    /** Tasks this thread is working through: those put off meanwhile join them. */
    private final ThreadLocal<ArrayDeque<Runnable>> working = new ThreadLocal<>();

    /**
     * @param step does a bit of work; says whether there may be more
     */
    DispatchLoop(BooleanSupplier step) {
        this.step = step;
    }

    /** Has the step run until it says there is no more, after now; by this thread or another. */
    void run() {
        if (requests.getAndIncrement() != 0) {
            return;
        }
        List<Runnable> tasks = new ArrayList<>(0);
        int seen = 1;
        while (seen != 0) {
            runner = Thread.currentThread();
            runStep();
            tasks.addAll(putOff);
            putOff.clear();
            runner = null;
            seen = requests.addAndGet(-seen);
        }
        if (!tasks.isEmpty()) {
            work(tasks);
        }
    }

    /** One that throws is over: whoever asked meanwhile relies on this thread to go on. */
    private void runStep() {
        try {
            while (step.getAsBoolean()) {
                // all is in the condition
            }
        } catch (RuntimeException | Error e) {
            LOG.error("sending a batch failed", e);
        }
    }

    /** Runs a task now, or after the loop or the task that this thread is inside. */
    void outside(Runnable task) {
        if (runner == Thread.currentThread()) {
            putOff.add(task);
        } else {
            work(List.of(task));
        }
    }

    /** Puts a task off until the loop is left; for the step alone. */
    void afterwards(Runnable task) {
        putOff.add(task);
    }

    private void work(List<Runnable> tasks) {
        ArrayDeque<Runnable> outer = working.get();
        if (outer != null) {
            outer.addAll(tasks);
            return;
        }
        ArrayDeque<Runnable> queue = new ArrayDeque<>(tasks);
        working.set(queue);
        try {
            for (Runnable task = queue.poll(); task != null; task = queue.poll()) {
                runTask(task);
            }
        } finally {
            working.remove();
        }
    }

    private static void runTask(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            // the others have nothing to do with it, and nobody else runs them
            LOG.error("handling the end of a batch failed", e);
        }
    }
}
