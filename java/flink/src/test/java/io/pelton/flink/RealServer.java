package io.pelton.flink;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A Pelton server of the test's own, to be killed. The program, its Python and the folder of models
 * come from the properties {@code pelton.program}, {@code pelton.python} and {@code pelton.models}.
 */
final class RealServer implements AutoCloseable {
    private final String model;
    private int port;
    private Process process;

    RealServer(String model) {
        this.model = model;
        start();
    }

    String endpoint() {
        return "127.0.0.1:" + port;
    }

    /** Starts it, on the same port as before, and returns when every model is ready. */
    void start() {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("pelton.program"));
        command.add("serve");
        command.add(Path.of(System.getProperty("pelton.models"), model).toString());
        command.addAll(List.of("--python", System.getProperty("pelton.python")));
        command.addAll(List.of("--grpc-port", String.valueOf(port), "--http-port", "0"));
        try {
            process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            // the start-up block is printed when the models are ready
            BufferedReader out =
                    new BufferedReader(
                            new InputStreamReader(
                                    process.getInputStream(), StandardCharsets.UTF_8));
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith("grpc ")) {
                    port = Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).strip());
                    return;
                }
            }
            throw new IllegalStateException("the server ended before it was ready: " + command);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** SIGKILL: no goodbye to anybody. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** SIGKILL to every worker; the server starts others. */
    int killWorkers() {
        List<ProcessHandle> workers = process.children().collect(Collectors.toList());
        workers.forEach(ProcessHandle::destroyForcibly);
        return workers.size();
    }

    @Override
    public void close() {
        kill();
    }
}
