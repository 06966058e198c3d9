// The loop's promises: no recursion, nothing lost when a step or a task throws.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class DispatchLoopTest {
    private final List<String> log = new ArrayList<>();

    @Test
    void tasksThatLeadToTasksDoNotNest() {
        DispatchLoop loop = new DispatchLoop(() -> false);
        AtomicInteger left = new AtomicInteger(100_000);
        AtomicReference<Runnable> task = new AtomicReference<>();
        task.set(
                () -> {
                    if (left.decrementAndGet() > 0) {
                        loop.outside(task.get());
                    }
                });
        loop.outside(task.get());
        assertThat(left).hasValue(0);
    }

    @Test
    void aTaskThatThrowsTakesNoOtherAlong() {
        AtomicReference<DispatchLoop> itself = new AtomicReference<>();
        DispatchLoop loop =
                new DispatchLoop(
                        () -> {
                            if (log.isEmpty()) {
                                log.add("step");
                                itself.get()
                                        .afterwards(
                                                () -> {
                                                    throw new AssertionError("a task's mistake");
                                                });
                                itself.get().afterwards(() -> log.add("task"));
                            }
                            return false;
                        });
        itself.set(loop);
        loop.run();
        assertThat(log).containsExactly("step", "task");
    }

    @Test
    void aStepThatThrowsLosesNeitherTasksNorRequests() {
        AtomicReference<DispatchLoop> itself = new AtomicReference<>();
        DispatchLoop loop =
                new DispatchLoop(
                        () -> {
                            log.add("step");
                            if (log.size() == 1) {
                                itself.get().afterwards(() -> log.add("task"));
                                // as another thread would, which then relies on this one
                                itself.get().run();
                                throw new AssertionError("a step's mistake");
                            }
                            return false;
                        });
        itself.set(loop);
        loop.run();
        assertThat(log).containsExactly("step", "step", "task");
    }
}
