package io.pelton.flink;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The readable properties of a class: public fields, {@code getX()}, {@code isX()} and record-style
 * {@code x()}.
 *
 * <p>A model's column finds its property by exact name first, then ignoring case and underscores,
 * so that {@code dep_delay} finds {@code depDelay}. It knows nothing of models and reads no value
 * itself.
 */
final class PojoProperties {
    private final Map<String, Property> byName = new TreeMap<>();

    PojoProperties(Class<?> type) {
        for (Method method : type.getMethods()) {
            String name = propertyName(method);
            // a getter wins over a record-style method of the same name
            if (name != null && (isGetter(method) || !byName.containsKey(name))) {
                byName.put(name, Property.of(name, method));
            }
        }
        for (Field field : type.getFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                byName.putIfAbsent(field.getName(), Property.of(field));
            }
        }
    }

    /**
     * The property that carries {@code column}, or null when there is none or more than one would
     * do.
     */
    Property find(String column) {
        Property exact = byName.get(column);
        if (exact != null) {
            return exact;
        }
        List<Property> alike = new ArrayList<>();
        for (Property property : byName.values()) {
            if (plain(property.name).equals(plain(column))) {
                alike.add(property);
            }
        }
        return alike.size() == 1 ? alike.get(0) : null;
    }

    /** Every property's name, sorted, for messages. */
    List<String> names() {
        return List.copyOf(byName.keySet());
    }

    private static String plain(String name) {
        return name.replace("_", "").toLowerCase(Locale.ROOT);
    }

    private static boolean isGetter(Method method) {
        String name = method.getName();
        return (name.startsWith("get") && name.length() > 3)
                || (name.startsWith("is") && name.length() > 2);
    }

    private static String propertyName(Method method) {
        if (method.getParameterCount() != 0
                || method.getReturnType() == void.class
                || method.getDeclaringClass() == Object.class
                || Modifier.isStatic(method.getModifiers())
                || method.isBridge()) {
            return null;
        }
        String name = method.getName();
        if (name.startsWith("get") && name.length() > 3 && !Character.isLowerCase(name.charAt(3))) {
            return decapitalize(name.substring(3));
        }
        if (name.startsWith("is")
                && name.length() > 2
                && !Character.isLowerCase(name.charAt(2))
                && (method.getReturnType() == boolean.class
                        || method.getReturnType() == Boolean.class)) {
            return decapitalize(name.substring(2));
        }
        return name.equals("hashCode") || name.equals("toString") || name.equals("getClass")
                ? null
                : name;
    }

    private static String decapitalize(String name) {
        boolean acronym =
                name.length() > 1
                        && Character.isUpperCase(name.charAt(0))
                        && Character.isUpperCase(name.charAt(1));
        return acronym ? name : Character.toLowerCase(name.charAt(0)) + name.substring(1);
    }

    /** One property: its name, its type, and a handle that reads it from an object. */
    static final class Property {
        final String name;
        final Class<?> type;
        private final MethodHandle reader;

        private Property(String name, Class<?> type, MethodHandle reader) {
            this.name = name;
            this.type = type;
            this.reader = reader.asType(MethodType.methodType(Object.class, Object.class));
        }

        static Property of(String name, Method method) {
            try {
                return new Property(
                        name,
                        method.getReturnType(),
                        MethodHandles.publicLookup().unreflect(method));
            } catch (IllegalAccessException hidden) {
                throw notPublic(method.getDeclaringClass(), hidden);
            }
        }

        static Property of(Field field) {
            try {
                return new Property(
                        field.getName(),
                        field.getType(),
                        MethodHandles.publicLookup().unreflectGetter(field));
            } catch (IllegalAccessException hidden) {
                throw notPublic(field.getDeclaringClass(), hidden);
            }
        }

        Object read(Object bean) {
            try {
                return (Object) reader.invokeExact(bean);
            } catch (RuntimeException | Error raised) {
                throw raised;
            } catch (Throwable checked) {
                throw new IllegalStateException(
                        "reading '" + name + "' failed: " + checked, checked);
            }
        }

        private static IllegalArgumentException notPublic(Class<?> type, Exception cause) {
            return new IllegalArgumentException(
                    "class "
                            + type.getName()
                            + " cannot be read: make it public, and static if it is nested",
                    cause);
        }
    }
}
