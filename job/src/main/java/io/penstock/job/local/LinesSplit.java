package io.penstock.job.local;

import org.apache.flink.api.connector.source.SourceSplit;

/**
 * What is still to be read of the input file. There is one, from its first line to its last.
 *
 * @param file the file
 * @param offsetBytes where the next line begins
 * @param nextLine its number, from 1
 * @param lastLine number of the last line to read
 */
record LinesSplit(String file, long offsetBytes, long nextLine, long lastLine)
    implements SourceSplit {
  @Override
  public String splitId() {
    return file;
  }
}
