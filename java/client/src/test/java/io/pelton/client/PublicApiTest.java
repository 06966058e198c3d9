// No public signature names a type that a shaded jar relocates.
package io.pelton.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PublicApiTest {
    @Test
    void namesOnlyItsOwnTypesAndTheJdks() throws Exception {
        List<String> foreign = new ArrayList<>();
        List<Class<?>> classes = publicClasses();
        assertThat(classes).contains(PeltonClient.class, MicroBatcher.Builder.class);
        for (Class<?> type : classes) {
            for (Type used : typesOf(type)) {
                String name = used.getTypeName();
                if (name.contains("io.grpc")
                        || name.contains("com.google")
                        || name.contains("org.slf4j")
                        || name.contains("io.pelton.client.wire")) {
                    foreign.add(type.getName() + " uses " + name);
                }
            }
        }
        assertThat(foreign).isEmpty();
    }

    private static List<Class<?>> publicClasses() throws IOException, URISyntaxException {
        Path root =
                Path.of(
                        PeltonClient.class
                                .getProtectionDomain()
                                .getCodeSource()
                                .getLocation()
                                .toURI());
        try (Stream<Path> files = Files.list(root.resolve("io/pelton/client"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.equals("package-info.class"))
                    .map(name -> load("io.pelton.client." + name.replace(".class", "")))
                    .filter(type -> Modifier.isPublic(type.getModifiers()))
                    .collect(Collectors.toList());
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name, false, PublicApiTest.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<Type> typesOf(Class<?> type) {
        List<Type> types = new ArrayList<>(List.of(type.getGenericInterfaces()));
        if (type.getGenericSuperclass() != null) {
            types.add(type.getGenericSuperclass());
        }
        for (Method method : type.getDeclaredMethods()) {
            if (isVisible(method.getModifiers())) {
                types.add(method.getGenericReturnType());
                types.addAll(parameters(method));
            }
        }
        for (Executable constructor : type.getDeclaredConstructors()) {
            if (isVisible(constructor.getModifiers())) {
                types.addAll(parameters(constructor));
            }
        }
        for (Field field : type.getDeclaredFields()) {
            if (isVisible(field.getModifiers())) {
                types.add(field.getGenericType());
            }
        }
        return types;
    }

    private static List<Type> parameters(Executable executable) {
        List<Type> types = new ArrayList<>(List.of(executable.getGenericParameterTypes()));
        types.addAll(List.of(executable.getGenericExceptionTypes()));
        return types;
    }

    private static boolean isVisible(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }
}
