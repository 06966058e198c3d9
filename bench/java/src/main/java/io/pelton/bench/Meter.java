package io.pelton.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Counts what arrives at the sink: time, latency and CPU time of the rows after the warm-up.
 * Static, because the embedded cluster runs the sink in this JVM; used by one sink at a time.
 */
final class Meter {
    private static final double TICKS_PER_SECOND = 100;

    private static int warmUpRows;
    private static long serverPid;
    private static long[] latenciesNanos;
    private static int seen;
    private static long beginNanos;
    private static long endNanos;
    private static double beginCpuSeconds;
    private static double endCpuSeconds;
    private static double serverCpuSeconds;
    private static long wrong;

    private Meter() {}

    /**
     * Prepares a run.
     *
     * @param serverPid the server whose tree's CPU time counts too; 0 is none
     */
    static void prepare(int warmUpRows, int rows, long serverPid) {
        Meter.warmUpRows = warmUpRows;
        Meter.serverPid = serverPid;
        latenciesNanos = new long[rows];
    }

    /** One answer. */
    static void arrived(long enteredNanos, boolean right) throws IOException {
        int measured = seen++ - warmUpRows;
        if (!right) {
            wrong++;
        }
        if (measured < 0) {
            return;
        }
        if (measured == 0) {
            beginCpuSeconds = cpuSeconds();
            serverCpuSeconds = -serverCpu();
            beginNanos = System.nanoTime();
        }
        long now = System.nanoTime();
        latenciesNanos[measured] = now - enteredNanos;
        if (measured == latenciesNanos.length - 1) {
            endNanos = now;
            endCpuSeconds = cpuSeconds();
            serverCpuSeconds += serverCpu();
        }
    }

    /** The figures as JSON. */
    static String report(String way) {
        int expected = warmUpRows + latenciesNanos.length;
        if (seen != expected) {
            throw new IllegalStateException(seen + " rows arrived, " + expected + " were sent");
        }
        Arrays.sort(latenciesNanos);
        int rows = latenciesNanos.length;
        double seconds = (endNanos - beginNanos) / 1e9;
        double jobCpu = endCpuSeconds - beginCpuSeconds;
        return String.format(
                "{\"way\": \"%s\", \"rows\": %d, \"warm_up_rows\": %d, \"wrong\": %d,"
                        + " \"seconds\": %.4f, \"rows_per_second\": %.1f,"
                        + " \"latency_ms_p50\": %.4f, \"latency_ms_p99\": %.4f,"
                        + " \"job_cpu_s_per_million\": %.3f, \"server_cpu_s_per_million\": %.3f,"
                        + " \"cpu_s_per_million\": %.3f}",
                way,
                rows,
                warmUpRows,
                wrong,
                seconds,
                (rows - 1) / seconds,
                latenciesNanos[rows / 2] / 1e6,
                latenciesNanos[(int) (rows * 0.99)] / 1e6,
                jobCpu * 1e6 / rows,
                serverCpuSeconds * 1e6 / rows,
                (jobCpu + serverCpuSeconds) * 1e6 / rows);
    }

    private static double cpuSeconds() throws IOException {
        return cpuSeconds(ProcessHandle.current().pid());
    }

    private static double serverCpu() throws IOException {
        if (serverPid == 0) {
            return 0;
        }
        ProcessHandle server =
                ProcessHandle.of(serverPid)
                        .orElseThrow(() -> new IOException("there is no process " + serverPid));
        double seconds = 0;
        try (Stream<ProcessHandle> workers = server.descendants()) {
            for (long pid :
                    (Iterable<Long>)
                            Stream.concat(Stream.of(server), workers).map(ProcessHandle::pid)
                                    ::iterator) {
                seconds += cpuSeconds(pid);
            }
        }
        return seconds;
    }

    /** User and system time out of {@code /proc/PID/stat}; the command's name may hold anything. */
    private static double cpuSeconds(long pid) throws IOException {
        String stat;
        try {
            stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        } catch (NoSuchFileException gone) {
            return 0;
        }
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
    }
}
