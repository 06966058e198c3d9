package io.pelton.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;

/** What is in the uber jar, and what must not be. */
class PackagingIT {
    private static final String SHADED = UberJar.shadedPackage().replace('.', '/') + "/";

    /** Every package of the jar is below one of these, and each of these has classes. */
    private static final List<String> ALLOWED =
            List.of(
                    "io/pelton/client/",
                    "io/pelton/flink/",
                    SHADED + "com/google/",
                    SHADED + "io/grpc/",
                    SHADED + "io/perfmark/");

    /** Packages that were moved: a reference to them in any class points to nothing. */
    private static final List<String> MOVED = List.of("io/grpc/", "com/google/", "io/perfmark/");

    @Test
    void everyClassIsWhereItMayBe() throws IOException {
        List<String> classes =
                names().stream()
                        .filter(name -> name.endsWith(".class"))
                        .collect(Collectors.toList());
        assertThat(classes).allMatch(name -> ALLOWED.stream().anyMatch(name::startsWith));
        for (String allowed : ALLOWED) {
            assertThat(classes).as(allowed).anyMatch(name -> name.startsWith(allowed));
        }
        assertThat(classes)
                .noneMatch(name -> name.contains("org/apache/flink") || name.contains("org/slf4j"));
    }

    @Test
    void everyClassRunsOnJava11() throws IOException {
        try (JarFile jar = new JarFile(UberJar.path().toFile())) {
            for (ZipEntry entry : entries(jar, ".class")) {
                try (DataInputStream in = new DataInputStream(jar.getInputStream(entry))) {
                    assertThat(in.readInt()).isEqualTo(0xCAFEBABE);
                    in.readUnsignedShort();
                    assertThat(in.readUnsignedShort()).as(entry.getName()).isLessThanOrEqualTo(55);
                }
            }
        }
    }

    @Test
    void noClassRefersToWhatWasMoved() throws IOException {
        List<String> dangling = new ArrayList<>();
        try (JarFile jar = new JarFile(UberJar.path().toFile())) {
            for (ZipEntry entry : entries(jar, ".class")) {
                String bytes = text(jar, entry, StandardCharsets.ISO_8859_1);
                for (String moved : MOVED) {
                    // in descriptors ("Lio/grpc/...") of any class
                    if (bytes.contains("L" + moved)) {
                        dangling.add(entry.getName() + " -> " + moved);
                    }
                }
            }
        }
        assertThat(dangling).isEmpty();
    }

    @Test
    void everyBundledArtifactIsWhollyThereAndInTheNotice() throws IOException {
        Set<String> names = new TreeSet<>(names());
        String notice = notice();
        assertThat(UberJar.bundled()).isNotEmpty();
        for (Path artifact : UberJar.bundled()) {
            try (JarFile jar = new JarFile(artifact.toFile())) {
                List<String> expected =
                        entries(jar, ".class").stream()
                                .map(ZipEntry::getName)
                                .filter(
                                        name ->
                                                !name.startsWith("META-INF/")
                                                        && !name.equals("module-info.class"))
                                .map(name -> name.startsWith("io/pelton/") ? name : SHADED + name)
                                .collect(Collectors.toList());
                assertThat(expected).as(artifact.toString()).isNotEmpty();
                assertThat(names).as(artifact.toString()).containsAll(expected);
            }
            if (!artifact.toString().contains("pelton")) {
                assertThat(notice).contains(coordinates(artifact));
            }
        }
        long thirdParty =
                UberJar.bundled().stream()
                        .filter(artifact -> !artifact.toString().contains("pelton"))
                        .count();
        assertThat(notice.lines().filter(line -> line.startsWith("- "))).hasSize((int) thirdParty);
    }

    @Test
    void serviceFilesBindRelocatedToRelocated() throws IOException {
        List<String> services = new ArrayList<>();
        try (JarFile jar = new JarFile(UberJar.path().toFile())) {
            for (ZipEntry entry : entries(jar, "")) {
                if (entry.getName().startsWith("META-INF/services/") && !entry.isDirectory()) {
                    String service = entry.getName().substring("META-INF/services/".length());
                    services.add(service);
                    assertThat(service).startsWith(UberJar.shadedPackage());
                    text(jar, entry, StandardCharsets.UTF_8)
                            .lines()
                            .filter(line -> !line.isBlank() && !line.startsWith("#"))
                            .forEach(
                                    provider -> {
                                        assertThat(provider)
                                                .as(service)
                                                .startsWith(UberJar.shadedPackage());
                                        assertThat(
                                                        jar.getEntry(
                                                                provider.trim().replace('.', '/')
                                                                        + ".class"))
                                                .as(provider)
                                                .isNotNull();
                                    });
                }
            }
            String grpc = UberJar.shadedPackage() + ".io.grpc.";
            assertThat(services)
                    .contains(
                            grpc + "ManagedChannelProvider",
                            grpc + "NameResolverProvider",
                            grpc + "LoadBalancerProvider");
            String channels =
                    text(
                            jar,
                            jar.getEntry("META-INF/services/" + grpc + "ManagedChannelProvider"),
                            StandardCharsets.UTF_8);
            assertThat(channels).contains(grpc + "netty.shaded.io.grpc.netty.NettyChannelProvider");
        }
    }

    @Test
    void nativeLibrariesCarryTheDerivedName() throws IOException {
        // netty: the package before io.netty, with dots as underscores; an underscore in it would
        // have to be escaped
        assertThat(UberJar.shadedPackage()).doesNotContain("_");
        String prefix = (UberJar.shadedPackage() + ".io.grpc.netty.shaded.").replace('.', '_');
        List<String> natives =
                names().stream()
                        .filter(name -> name.startsWith("META-INF/native/") && !name.endsWith("/"))
                        .map(name -> name.substring("META-INF/native/".length()))
                        .collect(Collectors.toList());
        assertThat(natives)
                .contains("lib" + prefix + "netty_transport_native_epoll_x86_64.so")
                .contains("lib" + prefix + "netty_tcnative_linux_x86_64.so")
                .allMatch(name -> name.startsWith(name.endsWith(".dll") ? prefix : "lib" + prefix));
    }

    @Test
    void licenseAndNoticeAreThereOnce() throws IOException {
        assertThat(
                        names().stream()
                                .filter(
                                        name ->
                                                name.matches(
                                                        "(META-INF/)?(LICENSE|NOTICE)(\\.txt)?")))
                .containsExactlyInAnyOrder("META-INF/LICENSE", "META-INF/NOTICE");
    }

    private static String coordinates(Path artifact) {
        Path version = artifact.getParent();
        Path name = version.getParent();
        StringBuilder group = new StringBuilder();
        boolean inRepository = false;
        for (Path part : name.getParent()) {
            if (inRepository) {
                group.append(group.length() == 0 ? "" : ".").append(part);
            }
            inRepository |= part.toString().equals("repository");
        }
        return "- " + group + ":" + name.getFileName() + ":" + version.getFileName();
    }

    private static String notice() throws IOException {
        try (JarFile jar = new JarFile(UberJar.path().toFile())) {
            return text(jar, jar.getEntry("META-INF/NOTICE"), StandardCharsets.UTF_8);
        }
    }

    private static List<String> names() throws IOException {
        try (JarFile jar = new JarFile(UberJar.path().toFile())) {
            return jar.stream().map(ZipEntry::getName).collect(Collectors.toList());
        }
    }

    private static List<ZipEntry> entries(JarFile jar, String suffix) {
        return jar.stream()
                .filter(entry -> entry.getName().endsWith(suffix))
                .collect(Collectors.toList());
    }

    private static String text(JarFile jar, ZipEntry entry, java.nio.charset.Charset charset)
            throws IOException {
        try (InputStream in = jar.getInputStream(entry)) {
            return new String(in.readAllBytes(), charset);
        }
    }
}
