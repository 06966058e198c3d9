package io.pelton.examples.flights;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.functions.sink.filesystem.BucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.SimpleVersionedStringSerializer;

/** A folder a month of event time (UTC), such as {@code 2013-09}. */
final class ByMonth implements BucketAssigner<String, String> {
    private static final long serialVersionUID = 1L;

    private transient DateTimeFormatter month;

    @Override
    public String getBucketId(String line, Context context) {
        if (month == null) {
            month = DateTimeFormatter.ofPattern("yyyy-MM").withZone(ZoneOffset.UTC);
        }
        return month.format(Instant.ofEpochMilli(context.timestamp()));
    }

    @Override
    public SimpleVersionedSerializer<String> getSerializer() {
        return SimpleVersionedStringSerializer.INSTANCE;
    }
}
