package io.penstock.job;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * How every command line of the project behaves: a bad option gives one line with a suggestion and
 * exit code 2, a refusal one line and exit code 1, a defect its stack trace and exit code 1.
 */
public final class Commands {
  private Commands() {}

  /**
   * @param command an object with picocli's annotations
   * @return its command line
   */
  public static CommandLine of(Object command) {
    CommandLine line = new CommandLine(command);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setAbbreviatedOptionsAllowed(false);
    line.setUsageHelpWidth(110);
    line.registerConverter(MemorySize.class, Commands::memorySize);
    line.registerConverter(Duration.class, Commands::duration);
    line.setParameterExceptionHandler(Commands::badParameter);
    line.setExecutionExceptionHandler(Commands::failed);
    return line;
  }

  /**
   * @param command a parsed command
   * @return its options and what they are, defaults included, as a person writes them
   */
  static Map<String, String> values(CommandSpec command) {
    Map<String, String> values = new TreeMap<>();
    for (OptionSpec option : command.options()) {
      Object value = option.getValue();
      if (value != null && !option.usageHelp() && !option.versionHelp()) {
        values.put(option.longestName(), written(value));
      }
    }
    return values;
  }

  private static String written(Object value) {
    if (value instanceof Duration duration) {
      return TimeUtils.formatWithHighestUnit(duration).replace(" ", "");
    }
    return value instanceof Enum ? value.toString().toLowerCase(Locale.ROOT) : value.toString();
  }

  private static MemorySize memorySize(String text) {
    try {
      return MemorySize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(
          "'" + text + "' is no size; write for instance 64mb or 1gb");
    }
  }

  private static Duration duration(String text) {
    try {
      if (!text.isEmpty() && Character.isLetter(text.charAt(text.length() - 1))) {
        return TimeUtils.parseDuration(text);
      }
      throw noDuration(text); // Flink would take a bare number as milliseconds
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw noDuration(text);
    }
  }

  private static TypeConversionException noDuration(String text) {
    return new TypeConversionException(
        "'" + text + "' is no duration; write for instance 10s or 2min");
  }

  private static int badParameter(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    PrintWriter err = line.getErr();
    err.println("error: " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("Options: " + line.getCommandSpec().qualifiedName() + " --help");
    err.flush();
    return ExitCode.USAGE;
  }

  private static int failed(Exception e, CommandLine line, ParseResult parsed) {
    PrintWriter err = line.getErr();
    if (e instanceof RefusedException) {
      err.println("error: " + e.getMessage());
    } else {
      e.printStackTrace(err);
    }
    err.flush();
    return ExitCode.SOFTWARE;
  }
}
