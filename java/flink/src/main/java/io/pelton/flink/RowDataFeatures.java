package io.pelton.flink;

import java.util.List;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Features from the fields of a {@link RowData}. The one class of the connector that needs Flink's
 * table types.
 */
final class RowDataFeatures {
    private RowDataFeatures() {}

    static FeatureMapping<RowData> of(RowType type, List<String> fields) {
        FeatureMapping.Builder<RowData> builder = FeatureMapping.builder();
        for (String field : fields) {
            int position = type.getFieldIndex(field);
            if (position < 0) {
                throw new IllegalArgumentException(
                        "no field '" + field + "' in the row, it has " + type.getFieldNames());
            }
            builder.add(feature(field, type.getTypeAt(position), position));
        }
        return builder.build();
    }

    private static Feature<RowData> feature(String name, LogicalType type, int position) {
        RowData.FieldGetter getter = RowData.createFieldGetter(type, position);
        return new Feature<>(
                name,
                kindOf(type),
                type.asSummaryString(),
                row -> plain(getter.getFieldOrNull(row)));
    }

    private static Object plain(Object value) {
        if (value instanceof DecimalData) {
            return ((DecimalData) value).toBigDecimal();
        }
        boolean text = value instanceof org.apache.flink.table.data.StringData;
        return text ? value.toString() : value;
    }

    private static Feature.Kind kindOf(LogicalType type) {
        switch (type.getTypeRoot()) {
            case BOOLEAN:
                return Feature.Kind.BOOLEAN;
            case TINYINT:
            case SMALLINT:
            case INTEGER:
            case BIGINT:
                return Feature.Kind.INTEGER;
            case FLOAT:
            case DOUBLE:
            case DECIMAL:
                return Feature.Kind.FLOAT;
            case CHAR:
            case VARCHAR:
            case BINARY:
            case VARBINARY:
                return Feature.Kind.TEXT;
            default:
                return Feature.Kind.UNUSABLE;
        }
    }
}
