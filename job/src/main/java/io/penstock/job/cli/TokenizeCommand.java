package io.penstock.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.penstock.job.ChatTemplateFile;
import io.penstock.job.RefusedException;
import io.penstock.job.local.PromptLines;
import io.penstock.udf.model.ChatFormat;
import io.penstock.udf.model.ChatSource;
import io.penstock.udf.model.ConversationException;
import io.penstock.udf.model.JsonValues;
import io.penstock.udf.model.Model;
import io.penstock.udf.model.ModelFileException;
import io.penstock.udf.model.Models;
import io.penstock.udf.model.Tokenizer;
import io.penstock.udf.model.template.TemplateException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock tokenize}: shows what a prompt becomes, without the job. */
@Command(
    name = "tokenize",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    showDefaultValues = true,
    description = {
      "Shows the text and the token ids that a prompt becomes: a text, a conversation by the model's"
          + " chat template, or a JSONL file of either.",
      "Special tokens in the text are recognised, none is added. One output for each input, in"
          + " order; exit code 0 also where single inputs are in error."
    })
final class TokenizeCommand implements Callable<Integer> {
  @Option(
      names = "--model-path",
      required = true,
      paramLabel = "PATH",
      description = "The model: a GGUF file or a Hugging Face directory.")
  private Path modelPath;

  @Option(
      names = "--chat-template",
      paramLabel = "FILE",
      description = "A chat template (Jinja) in place of the model's own.")
  private Path chatTemplate;

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Input input;

  @Option(
      names = "--json",
      description = "One JSON object a line: {text, token_ids, count} or {error}.")
  private boolean json;

  @Spec private CommandSpec spec;

  /** What is tokenized. */
  private static final class Input {
    @Option(names = "--text", paramLabel = "TEXT", description = "A text.")
    private String text;

    @Option(
        names = "--messages",
        paramLabel = "FILE",
        description =
            "JSON file with an array of messages, or with an object: messages, and if need be tools,"
                + " documents, add_generation_prompt, chat_template_kwargs.")
    private Path messages;

    @Option(
        names = "--input",
        paramLabel = "FILE",
        description = "JSONL file; each line has text, or messages and what goes with them.")
    private Path lines;
  }

  private Tokenizer tokenizer;
  private ChatFormat chat;
  private String noChat = "the model has no chat template; give one by --chat-template";

  @Override
  public Integer call() throws RefusedException {
    try (Model model = Models.open(modelPath);
        Tokenizer opened =
            model
                .openTokenizer()
                .orElseThrow(() -> new RefusedException("the model has no tokenizer" + named()))) {
      tokenizer = opened;
      chat = chat(model);
      all();
      return 0;
    } catch (IOException e) {
      throw new RefusedException("cannot use the model" + named() + ": " + e.getMessage(), e);
    }
  }

  /** The model's own template may be broken: texts need none. */
  private ChatFormat chat(Model model) throws RefusedException, IOException {
    String override = chatTemplate == null ? null : ChatTemplateFile.read(chatTemplate);
    try {
      ChatSource source = model.chatSource();
      return ChatFormat.of(override == null ? source : source.with(override)).orElse(null);
    } catch (TemplateException e) {
      noChat = "the model's chat template cannot be parsed: " + e.getMessage();
    } catch (ModelFileException e) {
      noChat = "the model's chat template cannot be read: " + e.getMessage();
    }
    return null;
  }

  private String named() {
    return ": --model-path=" + modelPath;
  }

  private void all() throws RefusedException {
    if (input.text != null) {
      print(text(input.text));
      return;
    }
    Path file = input.messages == null ? input.lines : input.messages;
    String option = input.messages == null ? "--input" : "--messages";
    try {
      if (input.messages != null) {
        print(parsed(Files.readString(file), true));
        return;
      }
      try (PromptLines lines = new PromptLines(file, 0)) {
        for (byte[] line = lines.next(); line != null; line = lines.next()) {
          print(parsed(line));
        }
      }
    } catch (IOException e) {
      throw new RefusedException("cannot read " + option + "=" + file + ": " + e, e);
    }
  }

  /** A line that is no text must not keep the others from their outputs. */
  private Map<String, Object> parsed(byte[] line) {
    try {
      return parsed(UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString(), false);
    } catch (CharacterCodingException e) {
      return error("not UTF-8");
    }
  }

  private Map<String, Object> parsed(String input, boolean bareMessages) {
    try {
      Object value = JsonValues.parse(input);
      TokenizeInput parsed =
          TokenizeInput.of(
              bareMessages && value instanceof List ? Map.of("messages", value) : value);
      return parsed.text() != null ? text(parsed.text()) : text(render(parsed));
    } catch (IOException | IllegalArgumentException | ConversationException e) {
      return error(e.getMessage());
    } catch (TemplateException e) {
      return error("the chat template failed: " + e.getMessage());
    }
  }

  private String render(TokenizeInput parsed) throws ConversationException, TemplateException {
    if (chat == null) {
      throw new IllegalArgumentException(noChat);
    }
    return chat.render(parsed.conversation(), Clock.system(ZoneId.systemDefault()));
  }

  private Map<String, Object> text(String text) {
    int[] ids;
    try {
      ids = text.isEmpty() ? new int[0] : tokenizer.encode(text);
    } catch (RuntimeException e) {
      return error("the tokenizer failed: " + e);
    }
    Map<String, Object> output = new LinkedHashMap<>();
    output.put("text", text);
    output.put("token_ids", ids);
    output.put("count", ids.length);
    return output;
  }

  private static Map<String, Object> error(String message) {
    return Map.of("error", message);
  }

  private void print(Map<String, Object> output) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(JsonValues.write(output));
    } else if (output.get("token_ids") instanceof int[] ids) {
      out.println(output.get("text"));
      out.println(ids.length + " tokens: " + Arrays.toString(ids));
    } else {
      out.println("error: " + output.get("error"));
    }
    out.flush();
  }
}
