package dev.millrace.it;

/** The same in containers. */
class FieldMetadataInDockerIT extends FieldMetadataIT {
  @Override
  Runs open() {
    return Runs.inDocker();
  }
}
