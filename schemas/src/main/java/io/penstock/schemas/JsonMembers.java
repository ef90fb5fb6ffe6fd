package io.penstock.schemas;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.io.StringWriter;
import java.util.HashSet;
import java.util.Set;

/**
 * Collects members of an object as the text of an object of their own. One object, one instance.
 */
final class JsonMembers {
  private final Set<String> names = new HashSet<>();
  private final StringWriter text = new StringWriter();
  private JsonGenerator out;

  /**
   * @param json at the first token of a member's value; left at its last
   * @return what is wrong with the member; null if nothing is
   * @throws IOException if it is not JSON
   */
  String add(JsonParser json) throws IOException {
    if (out == null) {
      out = JsonCodec.generator(text);
      out.writeStartObject();
    }
    String name = json.currentName();
    String problem = JsonText.nameProblem(names, name);
    out.writeFieldName(name);
    String valueProblem = JsonText.copy(json, out);
    return problem == null ? valueProblem : problem;
  }

  /**
   * @return the text; null if there are no members
   * @throws IOException never, in fact
   */
  String end() throws IOException {
    if (out == null) {
      return null;
    }
    out.writeEndObject();
    out.close();
    return text.toString();
  }
}
