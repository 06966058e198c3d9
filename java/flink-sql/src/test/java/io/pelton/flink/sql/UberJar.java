package io.pelton.flink.sql;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The built jar and the class paths it is tried on, as the build names them. */
final class UberJar {
    private UberJar() {}

    static Path path() {
        return Path.of(property("uber.jar"));
    }

    /** The prefix of everything relocated, with dots. */
    static String shadedPackage() {
        return property("shaded.package");
    }

    /** The jars that were put into it. */
    static List<Path> bundled() {
        return classpath("bundled");
    }

    static List<Path> olderGrpc() {
        return classpath("older.grpc");
    }

    static List<Path> newerFlink() {
        return classpath("newer.flink");
    }

    /** Flink as this module is built with, and nothing that the uber jar brings. */
    static List<Path> flink() {
        return Arrays.stream(
                        System.getProperty("java.class.path").split(java.io.File.pathSeparator))
                .filter(entry -> !entry.contains("pelton") && !entry.contains("target"))
                .filter(entry -> !entry.matches(".*/(io/grpc|com/google|io/perfmark)/.*"))
                .map(Path::of)
                .collect(Collectors.toList());
    }

    /** Where the classes of these tests are. */
    static Path testClasses() {
        try {
            return Path.of(
                    UberJar.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (java.net.URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static List<Path> classpath(String property) {
        try {
            return Arrays.stream(
                            Files.readString(Path.of(property(property)))
                                    .trim()
                                    .split(java.io.File.pathSeparator))
                    .map(Path::of)
                    .collect(Collectors.toList());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String property(String name) {
        String value = System.getProperty(name);
        if (value == null) {
            throw new IllegalStateException("run this with mvnw verify, which sets '" + name + "'");
        }
        return value;
    }
}
