// For asc's --transform: gives the module's exports the names of the contract, which AssemblyScript can't write.

const METRIC = "driftline:metric/metric@0.1.1#";

const NAMES = {
  describe: "describe",
  open: "[static]accumulator.open",
  update: "[method]accumulator.update",
  state: "[method]accumulator.state",
  merge: "[method]accumulator.merge",
  evaluate: "evaluate",
};

export default class {
  afterCompile(module) {
    // What the export is called within the module.
    const take = (name) => {
      const { value } = this.binaryen.getExportInfo(module.getExport(name));
      module.removeExport(name);
      return value;
    };
    const after = take("after");
    for (const [plain, name] of Object.entries(NAMES)) {
      module.addFunctionExport(take(plain), METRIC + name);
      module.addFunctionExport(after, `cabi_post_${METRIC}${name}`);
    }
    module.addFunctionExport(take("close"), `${METRIC}[dtor]accumulator`);
  }
}
