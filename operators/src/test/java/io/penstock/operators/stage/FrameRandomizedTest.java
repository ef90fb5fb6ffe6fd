package io.penstock.operators.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.penstock.udf.stage.Activations;
import io.penstock.udf.stage.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Frames through writer, serializer and reader. Replay with {@code -Dpenstock.seed=}. */
final class FrameRandomizedTest {
  private final long seed = Long.getLong("penstock.seed", 20_261_124L);
  private final Random random = new Random(seed);

  @BeforeEach
  void printSeed() {
    System.out.println("replay with -Dpenstock.seed=" + seed);
  }

  @Test
  void everyFrameComesOutAsItWentIn() throws Exception {
    for (int round = 0; round < 200; round++) {
      FragmentSerializer serializer = new FragmentSerializer();
      Frames.Collected collected = new Frames.Collected();
      FrameReader reader = new FrameReader(collected);
      boolean wire = random.nextBoolean();
      FrameWriter writer =
          new FrameWriter(
              1 + random.nextInt(3000),
              fragment -> {
                try {
                  reader.accept(wire ? Frames.throughWire(fragment, serializer) : fragment);
                } catch (Exception e) {
                  throw new AssertionError("seed=" + seed, e);
                }
              });
      List<Frames.Whole> sent = new ArrayList<>();
      for (int frame = random.nextInt(6); frame > 0; frame--) {
        sent.add(writeAny(writer));
      }
      assertThat(collected.frames.stream().map(Frames.Whole::text).toList())
          .as("seed=%d", seed)
          .isEqualTo(sent.stream().map(Frames.Whole::text).toList());
      assertThat(reader.partial()).isFalse();
      assertThat(reader.receivedBytes()).isEqualTo(writer.sentBytes());
    }
  }

  @Test
  void noFragmentCanBeLeftOutRepeatedSwappedOrTakenFromElsewhere() throws Exception {
    for (int round = 0; round < 300; round++) {
      List<Fragment> fragments = fragments(400, 3);
      List<Fragment> others = fragments(400, 3);
      int at = random.nextInt(fragments.size());
      List<Fragment> broken = new ArrayList<>(fragments);
      switch (random.nextInt(4)) {
        case 0 -> {
          broken.remove(at);
          if (at == fragments.size() - 1) {
            continue; // cut short at the end is for the next test: nothing wrong came yet
          }
        }
        case 1 -> broken.add(at, fragments.get(at));
        case 2 -> {
          if (at == 0) {
            continue;
          }
          broken.set(at - 1, fragments.get(at));
          broken.set(at, fragments.get(at - 1));
        }
        default -> {
          Fragment other = others.get(random.nextInt(others.size()));
          if (sameNumbers(other, fragments.get(at))) {
            continue;
          }
          broken.set(at, other);
        }
      }
      assertThatThrownBy(() -> Frames.read(broken))
          .as("seed=%d", seed)
          .isInstanceOf(FrameException.class);
    }
  }

  @Test
  void aFrameThatIsCutShortIsNeverComplete() throws Exception {
    List<Fragment> fragments = fragments(300, 1);
    Frames.Collected collected = new Frames.Collected();
    FrameReader reader = new FrameReader(collected);
    for (Fragment fragment : fragments.subList(0, fragments.size() - 1)) {
      reader.accept(fragment);
      assertThat(reader.partial()).isTrue();
    }
    assertThat(collected.frames).isEmpty();
    reader.accept(fragments.get(fragments.size() - 1));
    assertThat(reader.partial()).isFalse();
    assertThat(collected.frames).hasSize(1);
  }

  @Test
  void aBrokenHeaderIsRefusedAndNeverAnythingElse() throws Exception {
    for (int round = 0; round < 3000; round++) {
      List<Fragment> fragments = fragments(1 << 16, 1);
      byte[] bytes = fragments.get(0).bytes();
      int headerBytes = fragments.get(0).headerBytes();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        bytes[random.nextInt(headerBytes)] ^= (byte) (1 + random.nextInt(255));
      }
      try {
        Frames.read(fragments);
      } catch (FrameException refused) {
        assertThat(refused).as("seed=%d", seed).message().contains("=");
      }
    }
  }

  private Frames.Whole writeAny(FrameWriter writer) throws Exception {
    FrameHeader header = Frames.randomHeader(random.nextInt(1000), random);
    switch (random.nextInt(3)) {
      case 0 -> {
        ElementType type = random.nextBoolean() ? ElementType.F32 : ElementType.BF16;
        int rows = header.chunkBatch().rows();
        int cols = 1 + random.nextInt(100);
        Activations body = Frames.activations(type, rows, cols, random);
        writer.activations(header, body);
        return new Frames.Whole(header, new BodyShape(type, rows, cols), Frames.bytes(body));
      }
      case 1 -> {
        int vocab = 1 + random.nextInt(500);
        float[][] rows = new float[header.prompts().size()][vocab];
        BodyShape shape = new BodyShape(ElementType.F32, rows.length, vocab);
        ByteBuffer body = ByteBuffer.allocate(shape.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] row : rows) {
          for (int i = 0; i < vocab; i++) {
            row[i] = random.nextFloat();
            body.putFloat(row[i]);
          }
        }
        writer.logits(header, rows, vocab);
        return new Frames.Whole(header.as(FrameKind.LOGITS), shape, body.array());
      }
      default -> {
        FrameHeader abort = FrameHeader.abort(Frames.randomPrompt("given up", random));
        writer.abort(abort);
        return new Frames.Whole(abort, BodyShape.NONE, new byte[0]);
      }
    }
  }

  private List<Fragment> fragments(int fragmentBytes, int frames) throws Exception {
    List<Fragment> fragments = new ArrayList<>();
    FragmentSerializer serializer = new FragmentSerializer();
    FrameWriter writer =
        new FrameWriter(fragmentBytes, fragment -> fragments.add(serializer.copy(fragment)));
    for (int frame = 0; frame < frames; frame++) {
      FrameHeader header = Frames.randomHeader(frame, random);
      int rows = header.chunkBatch().rows();
      writer.activations(header, Frames.activations(ElementType.F32, rows, 64, random));
    }
    return fragments;
  }

  private static boolean sameNumbers(Fragment one, Fragment other) {
    return one.toString().equals(other.toString());
  }
}
