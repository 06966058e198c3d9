// Runs one step again and again on one thread at a time, without a lock and without recursion.
package io.pelton.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * Several threads ask for the loop; one runs it, the others leave at once. What happens inside the
 * step but must not hold the loop up (callers' code above all) is put off until the loop has been
 * left.
 */
final class DispatchLoop {
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
        boolean left = false;
        try {
            int seen = 1;
            while (seen != 0) {
                runner = Thread.currentThread();
                while (step.getAsBoolean()) {
                    // all is in the condition
                }
                tasks.addAll(putOff);
                putOff.clear();
                runner = null;
                seen = requests.addAndGet(-seen);
            }
            left = true;
        } finally {
            if (!left) {
                // an error passes through: the next to ask must find the loop free
                runner = null;
                requests.set(0);
            }
        }
        if (!tasks.isEmpty()) {
            work(tasks);
        }
    }

    /** Runs a task now, or after the loop if this thread is inside it. */
    void outside(Runnable task) {
        if (runner == Thread.currentThread()) {
            putOff.add(task);
        } else {
            task.run();
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
                task.run();
            }
        } finally {
            working.remove();
        }
    }
}
