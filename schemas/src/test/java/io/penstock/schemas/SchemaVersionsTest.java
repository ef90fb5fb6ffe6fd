package io.penstock.schemas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaCompatibility.SchemaCompatibilityType;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.util.RandomData;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever was written with a released version stays readable; and every field says what it is. */
final class SchemaVersionsTest {
  /**
   * CRC-64-AVRO of the released versions, oldest first. A released version never changes: when a
   * schema changes, its copy becomes {@code versions/Name-N.avsc} and its fingerprint is added
   * here.
   */
  private static final Map<String, List<Long>> RELEASED =
      Map.of(
          "Prompt", List.of(0x9c684315182b432bL, 0x2efd7a4596ecbf0eL),
          "PrefillResult", List.of(0xb0678f822c6b475cL),
          "DeadLetter", List.of(0xe212a792c0a28596L, 0xeafb2670296885f4L),
          "Cancel", List.of(0xea0be1acaac33539L));

  static Stream<AvroCodec<?>> codecs() {
    return Stream.of(
        AvroCodec.PROMPT, AvroCodec.PREFILL_RESULT, AvroCodec.DEAD_LETTER, AvroCodec.CANCEL);
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void releasedVersionsAreUnchanged(AvroCodec<?> codec) {
    assertThat(codec.versions().released())
        .extracting(SchemaNormalization::parsingFingerprint64)
        .isEqualTo(RELEASED.get(codec.schema().getName()));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void todaysSchemaIsTheNewestVersion(AvroCodec<?> codec) {
    Schema newest = codec.versions().released().get(codec.versions().released().size() - 1);
    assertThat(SchemaNormalization.parsingFingerprint64(newest))
        .as("keep a copy of %s.avsc as its next version", codec.schema().getName())
        .isEqualTo(SchemaNormalization.parsingFingerprint64(codec.schema()));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void everyVersionIsReadByEveryOther(AvroCodec<?> codec) {
    for (Schema older : codec.versions().released()) {
      assertThat(compatibility(codec.schema(), older))
          .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
      assertThat(compatibility(older, codec.schema()))
          .isEqualTo(SchemaCompatibilityType.COMPATIBLE);
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void dataOfEveryVersionIsRead(AvroCodec<?> codec) throws IOException, UnreadableRecordException {
    long seed = Samples.seed();
    for (Schema older : codec.versions().released()) {
      for (Object datum : new RandomData(older, 200, seed)) {
        fillInJson((IndexedRecord) datum);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new BinaryMessageEncoder<>(GenericData.get(), older).encode(datum, out);
        assertThat(codec.decode(out.toByteArray()).getSchema()).isEqualTo(codec.schema());
      }
    }
  }

  /** In place of random text, where it is to be JSON. */
  private static void fillInJson(IndexedRecord datum) {
    for (Schema.Field field : datum.getSchema().getFields()) {
      Object value = datum.get(field.pos());
      if (value instanceof List<?> list) {
        list.stream()
            .filter(IndexedRecord.class::isInstance)
            .forEach(each -> fillInJson((IndexedRecord) each));
      } else if (value != null && field.getProp("json") != null) {
        datum.put(field.pos(), field.getProp("json").equals("array") ? "[1]" : "{\"a\":1}");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void everyTypeAndFieldSaysWhatItIs(AvroCodec<?> codec) {
    assertDocumented(codec.schema(), new HashSet<>());
  }

  private static SchemaCompatibilityType compatibility(Schema reader, Schema writer) {
    return SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getType();
  }

  private static void assertDocumented(Schema schema, Set<String> seen) {
    switch (schema.getType()) {
      case RECORD -> {
        if (seen.add(schema.getFullName())) {
          assertThat(schema.getDoc()).as(schema.getFullName()).isNotBlank();
          for (Schema.Field field : schema.getFields()) {
            assertThat(field.doc()).as(schema.getFullName() + "." + field.name()).isNotBlank();
            assertDocumented(field.schema(), seen);
          }
        }
      }
      case ENUM -> {
        assertThat(schema.getDoc()).as(schema.getFullName()).isNotBlank();
        assertThat(schema.getEnumDefault()).as(schema.getFullName() + " default").isNotNull();
      }
      case ARRAY -> assertDocumented(schema.getElementType(), seen);
      case MAP -> assertDocumented(schema.getValueType(), seen);
      case UNION -> schema.getTypes().forEach(type -> assertDocumented(type, seen));
      default -> {}
    }
  }
}
