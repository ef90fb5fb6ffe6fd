package io.penstock.job.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.penstock.job.bench.LengthResult.WayResult;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;

/** A report as JSON: every sample, and what is derived from them. */
final class ReportJson {
  private static final JsonFactory FACTORY = new JsonFactory();

  private final JsonGenerator json;

  private ReportJson(JsonGenerator json) {
    this.json = json;
  }

  /**
   * @param report what to write
   * @return one object, without a line's end
   */
  static String of(Report report) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      new ReportJson(json).report(report);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write to memory", e);
    }
    return text.toString();
  }

  private void report(Report report) throws IOException {
    json.writeStartObject();
    json.writeStringField("commit", report.about().commit());
    json.writeStringField("date", report.about().date().toString());
    json.writeStringField("model", report.about().model());
    json.writeObjectFieldStart("options");
    for (Map.Entry<String, String> option : report.about().options().entrySet()) {
      json.writeStringField(option.getKey(), option.getValue());
    }
    json.writeEndObject();
    machine(report.machine());
    json.writeArrayFieldStart("lengths");
    for (LengthResult length : report.lengths()) {
      length(length);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void machine(Machine machine) throws IOException {
    json.writeObjectFieldStart("machine");
    json.writeStringField("processor", machine.processor());
    json.writeNumberField("cores", machine.cores());
    json.writeArrayFieldStart("instruction_sets");
    for (String set : machine.instructionSets()) {
      json.writeString(set);
    }
    json.writeEndArray();
    json.writeNumberField("memory_bytes", machine.memoryBytes());
    json.writeStringField("java", machine.java());
    json.writeEndObject();
  }

  private void length(LengthResult length) throws IOException {
    json.writeStartObject();
    json.writeNumberField("tokens", length.tokens());
    json.writeNumberField("prompts", length.prompts());
    json.writeArrayFieldStart("ways");
    for (WayResult way : length.ways()) {
      json.writeStartObject();
      json.writeStringField("way", way.name());
      if (!way.settings().isEmpty()) {
        json.writeStringField("settings", way.settings());
      }
      spread("tokens_per_second", way.spread(Sample::tokensPerSecond));
      spread("ttft_ms", way.spread(Sample::ttftMillis));
      spread("processor_us_per_token", way.spread(Sample::processorMicrosPerToken));
      ratios(length, way);
      samples(way);
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void ratios(LengthResult length, WayResult way) throws IOException {
    json.writeObjectFieldStart("ratio_to");
    for (WayResult baseline : length.ways()) {
      Optional<Spread> ratio = length.ratio(way, baseline.name());
      if (ratio.isPresent()) {
        spread(baseline.name(), ratio.get());
      }
    }
    json.writeEndObject();
  }

  private void samples(WayResult way) throws IOException {
    json.writeArrayFieldStart("rounds");
    for (Sample sample : way.samples()) {
      json.writeStartObject();
      json.writeNumberField("tokens_per_second", sample.tokensPerSecond());
      json.writeNumberField("ttft_ms", sample.ttftMillis());
      json.writeNumberField("processor_us_per_token", sample.processorMicrosPerToken());
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void spread(String name, Spread spread) throws IOException {
    json.writeObjectFieldStart(name);
    json.writeNumberField("median", spread.median());
    json.writeNumberField("min", spread.min());
    json.writeNumberField("max", spread.max());
    json.writeEndObject();
  }
}
