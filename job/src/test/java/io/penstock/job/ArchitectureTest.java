package io.penstock.job;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The direction of dependencies: job to operators to gpu-udf, job and operators to schemas; and
 * what each package may import from outside. docs/architecture.md tells the same in prose.
 */
final class ArchitectureTest {
  private static final String SCHEMAS = "io.penstock.schemas..";
  private static final String UDF = "io.penstock.udf..";
  private static final String OPERATORS = "io.penstock.operators..";
  private static final String JOB = "io.penstock.job..";

  private static final String FLINK = "org.apache.flink..";
  private static final String KAFKA = "org.apache.kafka..";
  private static final String AVRO = "org.apache.avro..";
  private static final String JCUDA = "jcuda..";
  private static final String BYTEDECO = "org.bytedeco..";
  private static final String VECTOR_API = "jdk.incubator.vector..";
  private static final String[] NATIVE = {JCUDA, BYTEDECO, VECTOR_API, "ai.djl.."};

  private static JavaClasses penstock;

  @BeforeAll
  static void read() {
    penstock =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            // Test classes that another module hands on.
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.penstock");
  }

  /** A rule that matches nothing would hold whatever the code does. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        SCHEMAS,
        "io.penstock.udf.kv..",
        "io.penstock.udf.model..",
        "io.penstock.udf.stage..",
        "io.penstock.udf.family..",
        "io.penstock.udf.backend.reference..",
        "io.penstock.udf.backend.cpu..",
        "io.penstock.operators.admit..",
        "io.penstock.operators.chunk..",
        "io.penstock.operators.stage..",
        "io.penstock.operators.token..",
        JOB,
        "io.penstock.job.kafka..",
        "io.penstock.job.local..",
        "io.penstock.job.bench..",
        "io.penstock.job.cli.."
      })
  void everyPackageOfTheRulesExists(String packages) {
    assertThat(penstock.that(resideInAnyPackage(packages))).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    SCHEMAS + "," + UDF + "," + OPERATORS + "," + JOB,
    UDF + "," + SCHEMAS + "," + OPERATORS + "," + JOB,
    OPERATORS + "," + JOB + "," + JOB + "," + JOB
  })
  void modulesDependOneWay(String module, String first, String second, String third) {
    noClasses()
        .that()
        .resideInAPackage(module)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(first, second, third)
        .check(penstock);
  }

  @Test
  void belowFlinkNothingKnowsFlinkKafkaOrAvro() {
    noClasses()
        .that()
        .resideInAPackage(UDF)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FLINK, KAFKA, AVRO)
        .check(penstock);
  }

  @Test
  void schemasKnowNeitherFlinkNorKafka() {
    noClasses()
        .that()
        .resideInAPackage(SCHEMAS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(FLINK, KAFKA)
        .check(penstock);
  }

  @Test
  void operatorsKnowNoKafka() {
    noClasses()
        .that()
        .resideInAPackage(OPERATORS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(KAFKA, "org.apache.flink.connector.kafka..")
        .check(penstock);
  }

  @Test
  void purePackagesNeedNothingNative() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "io.penstock.udf.kv..",
            "io.penstock.udf.stage..",
            "io.penstock.operators..",
            "io.penstock.job..",
            SCHEMAS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(NATIVE)
        .check(penstock);
  }

  /** What decides is tested without Flink; the operators around it are shells. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "admit.Admission",
        "chunk.CancelMemory",
        "chunk.Chunker",
        "chunk.FixedPlanner",
        "chunk.PageAllocator",
        "chunk.Planner",
        "chunk.Progress",
        "chunk.PromptBody",
        "chunk.QueuedPrompt",
        "stage.FrameHeader",
        "token.FirstToken",
        "token.TopLogits",
        "token.TtftLedger"
      })
  void whatDecidesIsPure(String name) {
    JavaClass decides = penstock.get("io.penstock.operators." + name);
    noClasses()
        .that()
        .belongToAnyOf(decides.reflect())
        .should()
        .transitivelyDependOnClassesThat()
        .resideInAnyPackage(FLINK)
        .check(penstock);
  }

  @Test
  void onlyTheTopologyWiresTheGraph() {
    noClasses()
        .that()
        .doNotHaveSimpleName("PrefillTopology")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.flink.streaming.api.datastream..")
        .check(penstock);
  }

  @ParameterizedTest
  @CsvSource({
    JCUDA + ",io.penstock.udf.backend.cuda..",
    BYTEDECO + ",io.penstock.udf.backend.cpu..",
    VECTOR_API + ",io.penstock.udf.backend.cpu..",
    "ai.djl..,io.penstock.udf.model.."
  })
  void eachNativeLibraryHasOneRoom(String library, String room) {
    noClasses()
        .that()
        .resideOutsideOfPackage(room)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(penstock);
  }

  @Test
  void familiesKnowBackendsByTheirInterfaceAlone() {
    classes()
        .that()
        .resideInAPackage("io.penstock.udf.backend.*..")
        .should()
        .onlyHaveDependentClassesThat()
        .resideInAPackage("io.penstock.udf.backend..")
        .check(penstock);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"io.penstock.udf.(**)", "io.penstock.operators.(**)", "io.penstock.job.(*).."})
  void packagesHaveNoCycles(String packages) {
    slices().matching(packages).should().beFreeOfCycles().check(penstock);
  }
}
