package dev.millrace.it;

/** The same in containers. */
class FieldOutputsInDockerIT extends FieldOutputsIT {
  @Override
  Runs open() {
    return Runs.inDocker();
  }
}
