package io.penstock.udf.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class ActivationsPoolTest {
  private final ActivationsPool pool = new ActivationsPool(ElementType.BF16, 10, 3);

  @Test
  void keepsWhatIsGivenBack() {
    Activations first = pool.take(4);
    Activations second = pool.take(10);
    assertThat(second).isNotSameAs(first);
    assertThat(pool.inUse()).isEqualTo(2);
    pool.give(first);
    assertThat(pool.inUse()).isEqualTo(1);
    assertThat(pool.take(7)).isSameAs(first);
    assertThat(first.rows()).isEqualTo(7);
    assertThat(first.sizeBytes()).isEqualTo(7 * 3 * 2);
    assertThat(first.bytes().capacity()).isEqualTo(10 * 3 * 2);
    assertThat(first.bytes().order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(first.bytes().isDirect()).isTrue();
  }

  @Test
  void refusesMoreRowsThanFitAndLosesNothing() {
    pool.give(pool.take(1));
    assertThatThrownBy(() -> pool.take(11))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("rows=11 maxRows=10");
    assertThat(pool.inUse()).isZero();
  }

  @Test
  void refusesASecondGivingBack() {
    Activations one = pool.take(1);
    Activations other = pool.take(1);
    pool.give(one);
    assertThatThrownBy(() -> pool.give(one)).isInstanceOf(IllegalStateException.class);
    pool.give(other);
    assertThatThrownBy(() -> pool.give(other)).isInstanceOf(IllegalStateException.class);
    assertThat(pool.inUse()).isZero();
  }
}
