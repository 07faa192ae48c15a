let depth = 0
function down() {
  depth += 1
  down()
}
try {
  down()
} catch (error) {
  console.log(error.name, error.message, depth)
}
