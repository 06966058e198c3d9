// The search finds every row at fault and spares every other, in few calls, and knows when to stop.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.pelton.client.Bisection.Part;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BisectionTest {
    /** What became of the rows: answered, failed alone, and not tried alone. */
    private static final class Result {
        final Set<Integer> answered = new HashSet<>();
        final Set<Integer> culprits = new HashSet<>();
        final Set<Integer> untried = new HashSet<>();
        int calls;
    }

    private static Result search(int rows, int maxCalls, Set<Integer> bad) {
        Result result = new Result();
        Bisection bisection = new Bisection(maxCalls);
        bisection.split(new Part(0, rows));
        for (Part part = bisection.next(); part != null; part = bisection.next()) {
            int from = part.from;
            int to = part.to;
            if (bad.stream().noneMatch(row -> row >= from && row < to)) {
                add(result.answered, part);
                bisection.succeeded(part);
            } else if (part.size() == 1) {
                add(result.culprits, part);
            } else {
                bisection.split(part);
            }
        }
        for (Part part = bisection.untried(); part != null; part = bisection.untried()) {
            add(result.untried, part);
        }
        result.calls = bisection.calls();
        return result;
    }

    private static int halvings(int rows) {
        return 32 - Integer.numberOfLeadingZeros(rows - 1);
    }

    private static void add(Set<Integer> rows, Part part) {
        for (int row = part.from; row < part.to; row++) {
            assertThat(rows.add(row)).as("row %d has one outcome", row).isTrue();
        }
    }

    @Test
    void halvesOfABatchThatWasTooLargeAreBothTriedWhole() {
        Bisection bisection = new Bisection(100);
        bisection.split(new Bisection.Part(0, 8), false);
        Bisection.Part left = bisection.next();
        assertThat(left.size()).isEqualTo(4);
        bisection.succeeded(left);
        assertThat(bisection.next().size()).isEqualTo(4);
        assertThat(bisection.next()).isNull();
        assertThat(bisection.calls()).isEqualTo(2);
    }

    @Test
    void oneCulpritCostsAtMostTwoCallsAHalving() {
        for (int rows : new int[] {2, 3, 7, 100, 1024}) {
            for (int bad = 0; bad < rows; bad++) {
                Result result = search(rows, 1000, Set.of(bad));
                assertThat(result.culprits).containsExactly(bad);
                assertThat(result.answered).hasSize(rows - 1);
                assertThat(result.calls).isLessThanOrEqualTo(2 * halvings(rows));
            }
        }
    }

    @Test
    void sparesEveryInnocentRowWhileCallsLast() {
        Random random = new Random(3);
        for (int round = 0; round < 2000; round++) {
            int rows = 2 + random.nextInt(300);
            Set<Integer> bad = new HashSet<>();
            for (int i = random.nextInt(rows); i >= 0; i--) {
                bad.add(random.nextInt(rows));
            }
            Result result = search(rows, 2 * rows, bad);
            assertThat(result.untried).isEmpty();
            assertThat(result.culprits).isEqualTo(bad);
            assertThat(result.answered).hasSize(rows - bad.size());
        }
    }

    @Test
    void aRunOfBadRowsCostsNoGoodOne() {
        Set<Integer> run = new HashSet<>();
        for (int row = 0; row < 1000; row++) {
            run.add(row);
        }
        Result result = search(1024, 2 * 1024, run);
        assertThat(result.culprits).isEqualTo(run);
        assertThat(result.answered).hasSize(24);
    }

    @Test
    void neverCallsMoreThanAllowed() {
        Random random = new Random(4);
        for (int round = 0; round < 500; round++) {
            Set<Integer> bad = new HashSet<>();
            for (int row = 0; row < 512; row++) {
                if (random.nextInt(4) == 0) {
                    bad.add(row);
                }
            }
            Result result = search(512, 40, bad);
            assertThat(result.calls).isLessThanOrEqualTo(40);
            assertThat(result.answered.size() + result.culprits.size() + result.untried.size())
                    .isEqualTo(512);
        }
    }
}
